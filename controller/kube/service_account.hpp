// The API server as a pod sees it.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/kube/config.hpp"

namespace trainyard::kube {

/// Nothing outside a pod. Invalid (InvalidServiceAccount) if what a pod is given is not whole.
Result<std::optional<ClusterAccess>> service_account_access(
    std::map<std::string, std::string> const& environment, std::filesystem::path const& folder);

}  // namespace trainyard::kube
