// What a job is made from: code versions, environments, the blobs of a snapshot. Found by name, never by hash
// (rule 21).
#pragma once

#include <string>
#include <vector>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

struct SnapshotFile {
  std::string path;  // relative, '/'
  std::string content;
};

/// The ARM id of code version 1 of that name if it is there, else "".
Result<std::string> find_code(ArmClient& arm, WorkspaceId const& id, std::string const& name,
                              Context const& context);
/// Uploads by the SAS of startPendingUpload and puts code version 1; its ARM id.
Result<std::string> upload_code(ArmClient& arm, WorkspaceId const& id, std::string const& name,
                                std::vector<SnapshotFile> const& files, Context const& context);
/// The ARM id of an environment of that image, put if it is not there: name ty-{digest of the image},
/// version 1.
Result<std::string> ensure_environment(ArmClient& arm, WorkspaceId const& id, std::string const& image,
                                       Context const& context);

}  // namespace trainyard::azure
