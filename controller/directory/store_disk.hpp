// The insides of DirectoryStore that its header need not show.
#pragma once

#include "controller/directory/directory_store.hpp"
#include "controller/directory/folder_locks.hpp"
#include "controller/directory/manifest_folder.hpp"
#include "controller/directory/plan.hpp"
#include "controller/directory/state_file.hpp"

namespace trainyard::directory {

struct DirectoryStore::Disk {
  FolderLocks locks;  // first: let go last
  std::unique_ptr<StateFile> state;
  ManifestFolder folder;
};

struct DirectoryStore::Batch {
  std::vector<Write> writes;
  std::vector<ObjectKey> gone;
  std::vector<Event> events;
  std::vector<DeletionRequest> requests;  // those granted or refused by this
  bool tell = true;                       // writes are changes to tell of, not our own status and finalizers
};

}  // namespace trainyard::directory
