// The one interface to where objects live: a folder with SQLite beside it, or an API server.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/json.hpp"
#include "controller/base/result.hpp"

namespace trainyard {

struct ObjectKey {
  std::string kind;  // "Workspace"
  std::string ns;    // namespace
  std::string name;
  auto operator<=>(ObjectKey const&) const = default;
};
std::string to_string(ObjectKey const& key);  // Workspace/default/ml

/// An immutable snapshot.
struct StoredObject {
  ObjectKey key;
  std::string uid;               // of this very object, where the store is an API server; "" in a folder
  std::int64_t generation = 1;   // counts changes of the spec
  std::string resource_version;  // changes with every write to the object
  std::vector<std::string> finalizers;
  std::optional<WallTime> deleted_at;  // somebody asked to delete it; it goes when the last finalizer does
  WallTime created_at{};
  Json labels, annotations;  // objects
  Json spec, status;         // status is {} until it is first written
  std::string source;        // where it was declared, "quickstart.yaml:12"; "" where the store cannot tell
  bool orphaned = false;     // its document vanished or cannot be read: nothing is deleted for that

  [[nodiscard]] bool has_finalizer(std::string_view name) const;
  [[nodiscard]] std::string annotation(std::string_view name) const { return annotations.text(name); }
};
using ObjectPtr = std::shared_ptr<StoredObject const>;

struct Event {
  ObjectKey about;
  bool warning = false;
  std::string reason;   // CamelCase
  std::string message;  // scrubbed by the store
};

struct StoredEvent {
  Event event;
  WallTime first_seen{}, last_seen{};
  int count = 1;
};

/// Safe to call from any thread. Writes fail with ErrorKind::Conflict if the object changed since `read` was read,
/// and return the object as it is after the write.
struct ObjectStore {
  virtual ~ObjectStore() = default;
  [[nodiscard]] virtual ObjectPtr get(ObjectKey const& key) const = 0;  // null if absent
  [[nodiscard]] virtual std::vector<ObjectPtr> list(std::string_view kind) const = 0;  // all namespaces, by key
  virtual Result<ObjectPtr> put_status(StoredObject const& read, Json status, Context const& context) = 0;
  virtual Result<ObjectPtr> add_finalizer(StoredObject const& read, std::string_view finalizer, Context const& context) = 0;
  /// When the object is being deleted and this was the last finalizer, the object is gone afterwards.
  virtual Result<Done> remove_finalizer(StoredObject const& read, std::string_view finalizer, Context const& context) = 0;
  virtual void record(Event event) = 0;  // equal events are counted together; never fails a pass
  /// The value of a key of a Secret. NotFound names what is missing.
  virtual Result<std::string> secret(std::string_view ns, std::string_view name, std::string_view key, Context const& context) = 0;
  /// Keys of objects (and "Secret" and "ConfigMap" keys) changed since the last call, in the order of the changes; our own status
  /// writes are not among them.
  virtual std::vector<ObjectKey> take_changes() = 0;
};

}  // namespace trainyard
