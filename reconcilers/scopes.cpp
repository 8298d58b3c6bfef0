#include "reconcilers/scopes.hpp"

namespace trainyard::reconcilers {

void Scopes::open(ObjectKey const& workspace, std::string fingerprint,
                  std::shared_ptr<azure::AzureScope> scope) {
  std::lock_guard lock(mutex_);
  open_[workspace] = {std::move(fingerprint), std::move(scope), std::nullopt};
}

void Scopes::close(ObjectKey const& workspace) {
  std::lock_guard lock(mutex_);
  open_.erase(workspace);
}

std::optional<SteadyTime> Scopes::retire(ObjectKey const& workspace, SteadyTime now) {
  std::shared_ptr<azure::AzureScope> const scope = find(workspace);
  bool const serves = scope && scope->retire();  // outside of the lock
  std::lock_guard lock(mutex_);
  auto const found = open_.find(workspace);
  if (found == open_.end() || found->second.scope != scope) return std::nullopt;
  Entry& entry = found->second;
  entry.fingerprint.clear();
  if (!entry.retired) entry.retired = now;
  std::optional<SteadyTime> const since = entry.retired;
  if (serves) return since;
  open_.erase(found);
  return std::nullopt;
}

std::shared_ptr<azure::AzureScope> Scopes::find(ObjectKey const& workspace) const {
  std::lock_guard lock(mutex_);
  auto const found = open_.find(workspace);
  return found == open_.end() ? nullptr : found->second.scope;
}

std::string Scopes::fingerprint(ObjectKey const& workspace) const {
  std::lock_guard lock(mutex_);
  auto const found = open_.find(workspace);
  return found == open_.end() ? "" : found->second.fingerprint;
}

std::vector<std::pair<ObjectKey, std::shared_ptr<azure::AzureScope>>> Scopes::all() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<ObjectKey, std::shared_ptr<azure::AzureScope>>> scopes;
  for (auto const& [key, entry] : open_) scopes.emplace_back(key, entry.scope);
  return scopes;
}

}  // namespace trainyard::reconcilers
