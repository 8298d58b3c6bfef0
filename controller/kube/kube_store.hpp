// The object store whose objects live on an API server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "controller/base/object_store.hpp"
#include "controller/kube/event_recorder.hpp"
#include "controller/kube/informer.hpp"
#include "controller/kube/referred_objects.hpp"

namespace trainyard::kube {

/// What the store is given; all of it outlives the store.
struct KubeStoreParts {
  ApiClient& api;
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber& scrubber;
  std::function<void()> changed = [] {};  // something changed or was written; from any thread
  LoopRunner run = on_threads(clock);     // its informers, and what writes events
};

struct KubeStoreOptions {
  std::vector<ResourceType> kinds;
  std::string ns;        // the only namespace that is served; "" for all
  std::string instance;  // who reports events: the pod's name
  /// The Secrets and ConfigMaps that an object refers to, in its own namespace. Those of a namespace are
  /// followed once one was read there, while any object there refers to one; without this function, for ever.
  std::function<std::set<ObjectKey>(StoredObject const&)> refers_to;
};

/// Reads come from informers' caches; a write goes to the server with the version that was read, and its
/// answer into the cache. Safe from any thread.
class KubeStore final : public ObjectStore {
 public:
  KubeStore(KubeStoreOptions options, KubeStoreParts parts);
  ~KubeStore() override;

  /// Starts its loops: informers, events. They end at stop() and with the store.
  void start();
  void stop();
  [[nodiscard]] bool synced() const;  // every kind was listed whole
  /// Why a kind cannot be listed or watched now; nullopt while all can.
  [[nodiscard]] std::optional<Error> failure() const;
  /// Waits until the events recorded so far are written, or `context` ends.
  void flush_events(Context const& context) { events_.flush(context); }
  /// A ConfigMap as it is now, followed from now on as Secrets are: take_changes() has its key when it
  /// changes.
  Result<Json> config_map(std::string_view ns, std::string_view name, Context const& context);
  /// The version last seen of an object, or of a Secret or ConfigMap that is followed; "" if there is none.
  [[nodiscard]] std::string seen_version(ObjectKey const& key) const;

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

 private:
  struct Kind {
    ResourceType type;
    std::unique_ptr<Informer> informer;
  };
  InformerParts informer_parts();
  Kind const* find(std::string_view kind) const;
  Result<ObjectPtr> current_of(StoredObject const& read) const;
  Result<ObjectPtr> put_finalizers(StoredObject const& current, std::vector<std::string> finalizers,
                                   Context const& context);
  void changed(ObjectKey const& key);
  Result<Json> read_and_follow(ResourceType const& type, ObjectKey const& key, Context const& context);
  void forget_unused_places(ObjectKey const& just_read);

  KubeStoreOptions const options_;
  KubeStoreParts const parts_;
  std::vector<Kind> kinds_;
  EventRecorder events_;
  ReferredObjects referred_;

  mutable std::mutex mutex_;
  std::vector<ObjectKey> changes_;                     // guarded by mutex_
  std::vector<std::unique_ptr<RunningLoop>> running_;  // last: they end before what they use
};

}  // namespace trainyard::kube
