// The api-version of each service, in one place.
#pragma once

#include <string_view>

namespace trainyard::azure {

// Microsoft.MachineLearningServices: workspaces, computes, jobs, codes, environments. Source: its public
// OpenAPI file of that date.
inline constexpr std::string_view kMachineLearningVersion = "2023-10-01";
// The x-ms-version of Blob storage; fixed, so that a SAS's own `sv` does not choose it.
inline constexpr std::string_view kBlobVersion = "2021-08-06";

}  // namespace trainyard::azure
