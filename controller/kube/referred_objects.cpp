#include "controller/kube/referred_objects.hpp"

#include <vector>

namespace trainyard::kube {

bool ReferredObjects::read(ResourceType const& type, ObjectKey const& key, std::string const& version) {
  std::lock_guard lock(mutex_);
  if (stopped_) return false;
  Followed& followed = followed_[{key.kind, key.ns}];
  followed.read_versions[key.name] = version;
  if (followed.informer) return false;
  InformerParts parts = parts_;
  parts.changed = [this](ObjectKey const& changed_key) { changed(changed_key); };
  followed.informer = std::make_unique<Informer>(Selection{.type = type, .ns = key.ns, .versions_only = true},
                                                 std::move(parts));
  followed.running = run_(*followed.informer);
  return true;
}

void ReferredObjects::changed(ObjectKey const& key) const {
  {
    std::lock_guard lock(mutex_);
    auto const followed = followed_.find({key.kind, key.ns});
    if (followed == followed_.end()) return;
    auto const read = followed->second.read_versions.find(key.name);
    if (read == followed->second.read_versions.end()) return;  // nobody asked for it
    ObjectPtr const now = followed->second.informer->get(key);
    if ((now ? now->resource_version : "") == read->second) return;  // it was read so
  }
  parts_.changed(key);
}

void ReferredObjects::keep_only(std::set<Place> const& places) {
  std::vector<Followed> unused;  // their loops end after the lock is given back
  std::lock_guard lock(mutex_);
  for (auto it = followed_.begin(); it != followed_.end();) {
    if (places.contains(it->first)) {
      ++it;
      continue;
    }
    it->second.running->request_stop();
    unused.push_back(std::move(it->second));
    it = followed_.erase(it);
  }
}

void ReferredObjects::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  keep_only({});
}

std::string ReferredObjects::seen_version(ObjectKey const& key) const {
  std::lock_guard lock(mutex_);
  auto const followed = followed_.find({key.kind, key.ns});
  ObjectPtr const seen = followed == followed_.end() ? nullptr : followed->second.informer->get(key);
  return seen ? seen->resource_version : "";
}

}  // namespace trainyard::kube
