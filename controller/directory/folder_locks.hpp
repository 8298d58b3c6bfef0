// One operator for a folder of manifests and for a state folder: the second process is refused.
#pragma once

#include "controller/base/log.hpp"
#include "controller/directory/documents.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::directory {

/// Held until destroyed; a process that dies lets go by dying.
class FolderLocks {
 public:
  /// Both folders must exist. Conflict names the process that holds one of them.
  static Result<FolderLocks> take(DirectoryOptions const& options, Logger const& log);

 private:
  FolderLocks(Fd state, Fd directory) : state_(std::move(state)), directory_(std::move(directory)) {}
  Fd state_, directory_;
};

}  // namespace trainyard::directory
