#include "reconcilers/forget.hpp"

#include <algorithm>

#include "reconcilers/conditions.hpp"

namespace trainyard::reconcilers {

namespace {

constexpr Duration kForgetAfter = std::chrono::minutes(10);

Counter& counter(Metrics& metrics, std::string_view kind) {
  return metrics.counter("trainyard_forgotten_total",
                         "deletions that ended without a look at Azure, since the workspace was lost",
                         {{"kind", std::string(kind)}});
}

}  // namespace

void register_forgotten(Metrics& metrics, std::string_view kind) { (void)counter(metrics, kind); }

std::string lost_because(ObjectStore const& store, ObjectKey const& workspace) {
  ObjectPtr const object = store.get(workspace);
  if (!object) return "there is no Workspace '" + workspace.name + "' in namespace " + workspace.ns;
  std::string const why = stalled_because(*object);
  return why.empty() ? "" : "Workspace '" + workspace.name + "': " + why;
}

Duration forget_in(StoredObject const& object, WallTime now) {
  if (!object.deleted_at) return kForgetAfter;
  return std::max(Duration{0}, *object.deleted_at + kForgetAfter - now);
}

void tell_forgotten(Parts const& parts, ObjectKey const& about, std::string const& what,
                    std::string const& why) {
  counter(parts.azure.metrics, about.kind).add();
  parts.store.record(
      {.about = about,
       .warning = true,
       .reason = "Forgotten",
       .message = "deleted without a look at Azure (" + why + "); remove by hand what may be left: " + what});
}

}  // namespace trainyard::reconcilers
