// The object store of folder mode: manifests in a folder, everything else in a SQLite file beside it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/log.hpp"
#include "controller/base/object_store.hpp"
#include "controller/directory/documents.hpp"

namespace trainyard::directory {

/// What the store is given; all of it outlives the store.
struct DirectoryParts {
  DocumentReader read;
  ChangeCheck check_change;
  Clock const& clock;
  Logger const& log;
  Scrubber& scrubber;
  std::function<void()> written = [] {};  // told after each write; from any thread
};

/// The operator's. A vanished or broken file deletes nothing; deletion is asked for by name. Safe to call
/// from any thread.
class DirectoryStore final : public ObjectStore {
 public:
  /// Takes both folders for this process: Conflict names the process that has one already. Invalid for a
  /// folder that is none and for a state file that is not ours. Nothing is read from the manifests before
  /// scan().
  static Result<std::unique_ptr<DirectoryStore>> open(DirectoryOptions options, DirectoryParts parts);
  ~DirectoryStore() override;

  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override;
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override;
  Result<ObjectPtr> put_status(StoredObject const& read, Json status, Context const& context) override;
  Result<ObjectPtr> add_finalizer(StoredObject const& read, std::string_view finalizer,
                                  Context const& context) override;
  Result<Done> remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                Context const& context) override;
  void record(Event event) override;
  Result<std::string> secret(std::string_view ns, std::string_view name, std::string_view key,
                             Context const& context) override;
  std::vector<ObjectKey> take_changes() override;

  /// Reads files that changed, takes in what they declare and grants the deletions asked for meanwhile. All
  /// that users should mend, old and new. An Error means that the folder could not be read or the state not
  /// written: all stays as it was, and the next scan() makes up for it.
  Result<std::vector<Problem>> scan(Context const& context);
  /// Something below a source folder changed: whoever reads sources should look again.
  void sources_changed();

  /// Objects that no document declares, those being deleted left out. Invalid while a file cannot be read in
  /// full: what it declares would count as gone.
  [[nodiscard]] Result<std::vector<ObjectKey>> orphans() const;
  /// Refused while its document exists and for a protected object. Without finalizers it is gone at once.
  Result<Done> request_delete(ObjectKey const& key);
  /// Of one object or of all, in the order in which they were last seen.
  [[nodiscard]] Result<std::vector<StoredEvent>> events(std::optional<ObjectKey> const& about) const;

 private:
  struct Disk;   // what is on the disk: locks, state file, folder
  struct Batch;  // what is written at once

  DirectoryStore(DirectoryOptions options, DirectoryParts parts);
  Result<Done> load();
  Result<ObjectPtr> current_of(StoredObject const& read) const;
  Result<Done> commit(Batch batch);              // with writing_ held
  Result<ObjectPtr> write(StoredObject object);  // with writing_ held
  /// Once when it begins to fail and once when that is over: meanwhile every pass fails.
  void tell_whether_written(Result<Done> const& written);  // with writing_ held
  void find_secrets(std::vector<Problem>& problems);

  DirectoryOptions const options_;
  DirectoryParts const parts_;

  // Taken in this order. The first two are there to be held while files are read and written: nobody who only
  // asks waits for them.
  std::mutex scanning_;             // one scan at a time
  mutable std::mutex writing_;      // the state file is one thread's at a time
  std::unique_ptr<Disk> disk_;      // its folder guarded by scanning_, its state file by writing_
  std::set<std::string> refusals_;  // guarded by scanning_: of the last scan, so that each is an event once
  std::int64_t last_version_ = 0;   // guarded by writing_
  bool writable_ = true;            // guarded by writing_: by the last pass that wrote
  mutable std::mutex mutex_;
  std::map<ObjectKey, ObjectPtr> objects_;           // guarded by mutex_; as in the state file
  std::vector<ObjectKey> changes_;                   // guarded by mutex_
  std::map<ObjectKey, std::string> declared_;        // guarded by mutex_: by the last scan, with their places
  bool complete_ = false;                            // guarded by mutex_: the last scan could read all files
  std::map<ObjectKey, std::string> secret_digests_;  // guarded by mutex_
  std::map<ObjectKey, std::string> secret_documents_;  // guarded by mutex_: the file each is in
};

}  // namespace trainyard::directory
