// What the passes of all kinds share: how what was found is told in the status, and how a pass ends then.
#pragma once

#include <optional>
#include <utility>

#include "reconcilers/conditions.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::reconcilers {

/// The base of one pass over one object of a kind; `Status` is the kind's. `object_` follows what was
/// written.
template <class Status>
class StatusPass {
 protected:
  StatusPass(Parts const& parts, ObjectPtr object, Context const& context)
      : parts_(parts), object_(std::move(object)), context_(context), now_(parts.clock().wall()) {}
  ~StatusPass() = default;

  [[nodiscard]] bool deleting() const { return object_->deleted_at.has_value(); }

  /// The finalizer comes before the first write to Azure. Nothing if the pass may go on; else how it ends.
  std::optional<Outcome> promise() {
    if (object_->has_finalizer(kFinalizer)) return std::nullopt;
    if (deleting()) return Outcome::rest();
    Result<ObjectPtr> const added = parts_.store.add_finalizer(*object_, kFinalizer, context_);
    return added ? Outcome::soon() : after_failed_write(added.error());
  }

  Outcome release() {
    Result<Done> const removed = parts_.store.remove_finalizer(*object_, kFinalizer, context_);
    return removed ? Outcome::rest() : after_failed_write(removed.error());
  }

  /// Tells an error, and when it will be tried again.
  Outcome set_back(Status& status, Error const& error) {
    Setback const back = setback(error, status.setbacks, status.next_look, now_);
    return conclude(status, back.verdict, back.outcome, true);
  }

  /// As set_back; but a blip takes no Ready away.
  Outcome give_up(Status& status, Error const& error) {
    if (is_blip(error) && !deleting() && says_ready(status.conditions, *object_))
      return setback(error, status.setbacks, status.next_look, now_).outcome;
    return set_back(status, error);
  }

  /// Tells the verdict, and ends the pass as given, unless the status could not be written.
  Outcome conclude(Status& status, Verdict const& verdict, Outcome outcome, bool keep_next_look = false) {
    if (!keep_next_look) status.next_look.clear();
    if (verdict.kind == Verdict::Kind::Ready) status.setbacks = 0;
    return write(status, verdict).value_or(outcome);
  }

  /// Nothing when it is written; else how the pass ends.
  std::optional<Outcome> write(Status& status, Verdict const& verdict) {
    status.observed_generation = object_->generation;
    status.last_handled_reconcile_at = object_->annotation(kReconcileRequestedAt);
    manifests::Conditions const was = status.conditions;
    tell(status.conditions, verdict, object_->generation, now_);
    Result<ObjectPtr> written = parts_.store.put_status(*object_, manifests::to_json(status), context_);
    if (!written) return after_failed_write(written.error());
    object_ = std::move(*written);
    record_transition(parts_.store, object_->key, was, status.conditions);
    return std::nullopt;
  }

  Parts const& parts_;
  ObjectPtr object_;
  Context const& context_;
  WallTime const now_;
};

}  // namespace trainyard::reconcilers
