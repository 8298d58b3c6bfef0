// The state file: objects, events and requests to delete, as rows of SQLite.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "controller/base/object_store.hpp"
#include "controller/directory/database.hpp"

namespace trainyard::directory {

struct DeletionRequest {
  ObjectKey key;
  WallTime at{};
};

/// One thread at a time. Each write outside transaction() is a transaction of its own.
class StateFile {
 public:
  enum class Mode {
    Own,  // the operator's: made if absent; the only one that writes objects and events
    Look  // another process beside it: reads, and asks for deletions
  };
  /// A file of a newer version, or of another program, is refused and not touched.
  static Result<std::unique_ptr<StateFile>> open(std::filesystem::path const& path, Mode mode);

  Result<Done> transaction(std::function<Result<Done>()> const& body, Kept kept) {
    return database_->transaction(body, kept);
  }

  Result<std::vector<StoredObject>> objects(std::optional<std::string_view> kind = std::nullopt);
  Result<std::optional<StoredObject>> object(ObjectKey const& key);
  Result<Done> put(StoredObject const& object);
  Result<Done> erase(ObjectKey const& key);
  /// The number from which resource versions are counted on, so that none is used twice.
  Result<std::int64_t> last_version();
  Result<Done> set_last_version(std::int64_t version);

  /// Counts it together with its equals; the oldest beyond 100 of an object go.
  Result<Done> record(Event const& event, WallTime now);
  /// Of one object or of all, in the order in which they were last seen.
  Result<std::vector<StoredEvent>> events(std::optional<ObjectKey> const& about);
  /// Events outlive their object for a while: the last one may be the one that matters.
  Result<Done> forget_events_of_gone_objects(WallTime last_seen_before);

  Result<Done> ask_deletion(DeletionRequest const& request);
  Result<std::vector<DeletionRequest>> deletion_requests();
  Result<Done> drop_deletion_request(ObjectKey const& key);

 private:
  explicit StateFile(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  Result<Done> prepare(std::filesystem::path const& path, Mode mode);
  Result<Done> create();

  std::unique_ptr<Database> database_;
};

}  // namespace trainyard::directory
