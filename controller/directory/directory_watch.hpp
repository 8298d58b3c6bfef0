// Tells when something changed below the folder, among the secrets, or by another process's request
// (inotify).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "controller/base/log.hpp"
#include "controller/directory/documents.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::directory {

struct FolderChange {
  bool manifests = false;  // a manifest, a secret or a request: DirectoryStore::scan() has work
  bool sources = false;    // another file below the folder: DirectoryStore::sources_changed() fits
};

/// File systems of a network do not tell of changes made elsewhere: whoever uses this also looks by itself
/// now and then.
class DirectoryWatch {
 public:
  /// What changes from now on is told by run(). The folders must exist.
  static Result<std::unique_ptr<DirectoryWatch>> open(DirectoryOptions options, Logger const& log);

  /// Blocks until the stop request, and calls back on this thread after each lot of changes.
  void run(std::function<void(FolderChange)> const& changed, std::stop_token const& stop);

 private:
  enum class Role { Root, Sub, Secrets, State };
  struct Folder {
    std::filesystem::path path;
    Role role = Role::Sub;
  };

  DirectoryWatch(DirectoryOptions options, Logger const& log, Fd events, Fd wakeup);
  void watch_all();
  bool watch(std::map<int, Folder>& watched, std::filesystem::path const& path, Role role);
  void watch_below(std::map<int, Folder>& watched, std::filesystem::path const& path, Role role, int depth);
  FolderChange read_events();
  void judge(int watched, std::uint32_t mask, std::string_view name, FolderChange& change,
             bool& folders_changed) const;

  DirectoryOptions const options_;
  Logger const& log_;
  Fd events_, wakeup_;
  std::map<int, Folder> folders_;
  bool told_of_limit_ = false;
};

}  // namespace trainyard::directory
