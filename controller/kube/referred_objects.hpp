// Secrets and ConfigMaps that objects refer to: their versions are watched, so that a changed one is noticed
// at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "controller/kube/informer.hpp"

namespace trainyard::kube {

/// One watch for a type and namespace of which something was read, of metadata alone: the server sends no
/// data. Safe from any thread.
class ReferredObjects {
 public:
  using Place = std::pair<std::string, std::string>;  // kind and namespace

  /// `parts.changed` is told of each object that was read and has another version now.
  ReferredObjects(InformerParts parts, LoopRunner run) : parts_(std::move(parts)), run_(std::move(run)) {}
  ~ReferredObjects() { stop(); }

  /// It was read, and had that version ("" for absent). Follows its place from now on; true if that is new.
  bool read(ResourceType const& type, ObjectKey const& key, std::string const& version);
  /// Follows no other places any more.
  void keep_only(std::set<Place> const& places);
  void stop();
  /// "" for what is not there or not followed.
  [[nodiscard]] std::string seen_version(ObjectKey const& key) const;

 private:
  struct Followed {
    std::unique_ptr<Informer> informer;
    std::map<std::string, std::string> read_versions;  // by name
    std::unique_ptr<RunningLoop> running;              // last: it ends before its informer goes
  };
  void changed(ObjectKey const& key) const;

  InformerParts const parts_;
  LoopRunner const run_;
  mutable std::mutex mutex_;
  std::map<Place, Followed> followed_;  // guarded by mutex_
  bool stopped_ = false;                // guarded by mutex_
};

}  // namespace trainyard::kube
