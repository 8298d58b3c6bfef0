// The workspaces that are open: opened by the Workspace reconciler, read by the others.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/object_store.hpp"
#include "reconcilers/azure/scope.hpp"

namespace trainyard::reconcilers {

/// Safe from any thread.
class Scopes {
 public:
  void open(ObjectKey const& workspace, std::string fingerprint, std::shared_ptr<azure::AzureScope> scope);
  void close(ObjectKey const& workspace);
  /// Its credential is gone, and so is its fingerprint. Since when, for as long as a token of it serves;
  /// nothing if none does, or it was not open: then it is closed.
  std::optional<SteadyTime> retire(ObjectKey const& workspace, SteadyTime now);
  [[nodiscard]] std::shared_ptr<azure::AzureScope> find(
      ObjectKey const& workspace) const;  // null if not open
  /// What the open scope was made of (its spec and credential, digested); "" if not open.
  [[nodiscard]] std::string fingerprint(ObjectKey const& workspace) const;
  [[nodiscard]] std::vector<std::pair<ObjectKey, std::shared_ptr<azure::AzureScope>>> all() const;

 private:
  struct Entry {
    std::string fingerprint;
    std::shared_ptr<azure::AzureScope> scope;
    std::optional<SteadyTime> retired;
  };
  mutable std::mutex mutex_;
  std::map<ObjectKey, Entry> open_;  // guarded by mutex_
};

}  // namespace trainyard::reconcilers
