// List and watch of one resource type: a cache of immutable snapshots, and which keys changed.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/base/log.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/random.hpp"
#include "controller/kube/api_client.hpp"
#include "controller/kube/loop.hpp"
#include "controller/kube/objects.hpp"

namespace trainyard::kube {

/// What an informer follows.
struct Selection {
  ResourceType type;
  std::string ns = {};         // "" for all namespaces
  bool versions_only = false;  // the server sends metadata alone, and key, uid and version of it are kept
};

/// What it is given; all of it outlives the informer.
struct InformerParts {
  ApiClient& api;
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber const& scrubber;
  std::function<void(ObjectKey const&)> changed;  // from any thread; our own writes are not told
  std::function<void()> listed = [] {};           // a whole list was taken in
};

/// step() lists (streamed where the server can, else in pages), then watches until that ends; what it waits
/// for is the server. Everything else is safe from any thread.
class Informer final : public Loop {
 public:
  Informer(Selection selection, InformerParts parts);

  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const;
  void append_to(std::vector<ObjectPtr>& objects) const;  // all, by key
  /// It has been listed whole.
  [[nodiscard]] bool synced() const;
  /// Why the last list or watch failed; nullopt while they work.
  [[nodiscard]] std::optional<Error> failure() const;

  Duration step(std::stop_token const& stop) override;

  /// Around a write of ours: what the watch says of the object meanwhile is taken in, but told as a change
  /// only if it was not that write. Its event often comes before its answer.
  class Write {
   public:
    Write(Informer& informer, ObjectKey key);
    ~Write();
    Write(Write const&) = delete;
    Write& operator=(Write const&) = delete;
    /// What the server answered. An object whose last finalizer went with it is gone.
    ObjectPtr done(ObjectPtr answer);

   private:
    Informer& informer_;
    ObjectKey const key_;
    std::string version_;  // that the write made; "" if it is not known to have been made
  };

 private:
  struct Pending {
    int writes = 0;
    std::string seen;  // the latest version the watch told of meanwhile; "" if none
  };
  using Objects = std::map<ObjectKey, ObjectPtr>;

  // Of step()'s thread.
  Result<Done> list_pages(Context const& context);
  Result<Done> watch(bool with_list, std::stop_token const& stop);
  Result<Done> take_line(std::string const& line, std::optional<Objects>& fresh);
  Duration back_off(Error const& error);
  void succeeded();
  [[nodiscard]] std::string path(
      std::initializer_list<std::pair<std::string_view, std::string_view>> more) const;

  [[nodiscard]] Result<ObjectPtr> parse(Json const& object) const;
  void take(ObjectPtr object);
  void drop(StoredObject const& object);
  void replace(Objects fresh);
  void tell(std::vector<ObjectKey> const& keys) const;

  Selection const selection_;
  InformerParts const parts_;

  // Of step()'s thread.
  std::string version_;     // to watch from; "" before a list, or when it is too old
  bool streams_ = true;     // the server has not refused to stream a list
  bool bookmarks_ = false;  // it sends them, so that silence means a broken connection
  int failures_ = 0;        // in a row

  mutable std::mutex mutex_;
  Objects objects_;                       // guarded by mutex_
  bool synced_ = false;                   // guarded by mutex_
  std::optional<Error> failure_;          // guarded by mutex_
  std::map<ObjectKey, Pending> pending_;  // guarded by mutex_
  std::set<std::string>
      gone_;  // guarded by mutex_: uids that a write of ours ended and the watch may still tell of
};

}  // namespace trainyard::kube
