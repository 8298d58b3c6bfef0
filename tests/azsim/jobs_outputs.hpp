// Named outputs of a command job: where their files are kept, and the assets that they become.
// Source: sheet 3, sections 1.3, 5 and 7; azure-ai-ml, which knows the types in run history.
#pragma once

#include <string>
#include <vector>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// What a node makes room for: all that the job declares but `default`, which is its artifacts.
std::vector<JobOutput> named_outputs(Json const& properties);

/// Into the datastore that the output's uri names, workspaceblobstore if it has none. Nothing is kept of an
/// output that lies elsewhere.
void keep_output(Shared& shared, Workspace const& workspace, std::string const& job, Json const& properties,
                 std::string const& output, std::vector<JobFile> const& files);

/// Makes the assets of a job that has completed. {output: {assetId, type}}, as run history shows them.
Json register_outputs(Shared& shared, Workspace const& workspace, std::string const& job,
                      Json const& properties);

}  // namespace trainyard::azsim
