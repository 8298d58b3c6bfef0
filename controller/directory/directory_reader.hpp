// What other commands (get, describe, wait, delete) see of a folder, beside the operator or without one.
// Takes no lock.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/log.hpp"
#include "controller/base/object_store.hpp"
#include "controller/directory/documents.hpp"

namespace trainyard::directory {

class StateFile;

/// One thread at a time. Everything is read from the state file when it is asked for.
class DirectoryReader {
 public:
  /// NotFound if no operator ever ran on the state folder.
  static Result<std::unique_ptr<DirectoryReader>> open(DirectoryOptions options, DocumentReader read,
                                                       Clock const& clock, Scrubber& scrubber);
  ~DirectoryReader();

  /// Null if absent. An object whose deletion was asked for shows it, even while no operator runs.
  [[nodiscard]] Result<ObjectPtr> get(ObjectKey const& key) const;
  [[nodiscard]] Result<std::vector<ObjectPtr>> list(std::string_view kind) const;  // all namespaces, by key
  /// Of one object or of all, in the order in which they were last seen.
  [[nodiscard]] Result<std::vector<StoredEvent>> events(std::optional<ObjectKey> const& about) const;

  /// Leaves the request in the state file and wakes the operator, which grants it now or when it runs next.
  /// Refused while a document of the object exists, naming its place, and for a protected object.
  Result<Done> request_delete(ObjectKey const& key);

 private:
  DirectoryReader(DirectoryOptions options, DocumentReader read, Clock const& clock, Scrubber& scrubber);
  [[nodiscard]] Result<Done> check_not_declared(StoredObject const& object) const;

  DirectoryOptions const options_;
  DocumentReader const read_;
  Clock const& clock_;
  Scrubber& scrubber_;
  std::unique_ptr<StateFile> state_;
};

}  // namespace trainyard::directory
