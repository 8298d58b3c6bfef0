#include "reconcilers/training_run/target.hpp"

#include "manifests/compute_target.hpp"
#include "reconcilers/compute_target/capabilities.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/names.hpp"

namespace trainyard::reconcilers {

std::optional<Error> find_target(Parts const& parts, std::string const& ns,
                                 manifests::TrainingRunSpec const& spec, RunTarget& target) {
  ObjectPtr const object = parts.store.get({"ComputeTarget", ns, spec.compute_target});
  if (!object)
    return Error{.kind = ErrorKind::NotFound,
                 .reason = "TargetNotFound",
                 .message = "spec.computeTarget: there is no ComputeTarget '" + spec.compute_target +
                            "' in namespace " + ns};
  manifests::ComputeTargetSpec const wanted = manifests::compute_target_spec_from_json(object->spec);
  manifests::ComputeTargetStatus const told = manifests::compute_target_status_from_json(object->status);
  if (!capabilities_of(wanted.block).script)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "NotSupportedOnTarget",
                 .message = "spec.computeTarget: a script cannot run on a target of type " + wanted.block};
  manifests::Condition const* const ready = find_condition(told.conditions, manifests::kReady);
  target = {.words = wanted.block + " " + spec.compute_target,
            .ready = says_ready(told.conditions, *object) && !object->deleted_at,
            .why_not = ready != nullptr ? ready->message : "not looked at yet",
            .stalled = !stalled_because(*object).empty()};
  if (wanted.block == kLocalPlace) {
    target.place = kLocalPlace;
    return std::nullopt;
  }
  ObjectKey const workspace{"Workspace", ns, wanted.workspace};
  target.place = to_string(workspace);
  target.compute_name = compute_name_of(wanted, spec.compute_target);
  auto const scope = parts.scopes.find(workspace);
  auto const seen = scope ? scope->workspace() : std::nullopt;
  if (!seen)  // the target tells why it waits; its next status wakes this run
    return Error{.kind = target.stalled ? ErrorKind::NotFound : ErrorKind::Transient,
                 .reason = target.stalled ? "TargetNotReady" : "WaitingForTarget",
                 .message = "ComputeTarget '" + spec.compute_target + "' is not ready: " + target.why_not,
                 .retry_after = std::chrono::seconds(60)};
  target.workspace_id = seen->workspace_id;
  return std::nullopt;
}

}  // namespace trainyard::reconcilers
