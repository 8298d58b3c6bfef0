// ComputeTarget: one pass. The policy is decide(); here its facts are gathered and its action is done.
#include "reconcilers/reconciler.hpp"

#include <optional>

#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "manifests/training_run.hpp"
#include "reconcilers/compute_target/capabilities.hpp"
#include "reconcilers/compute_target/put.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/drivers/compute_driver.hpp"
#include "reconcilers/forget.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/status_pass.hpp"
#include "reconcilers/training_run/present.hpp"

namespace trainyard::reconcilers {

namespace {

using azure::Compute;
using manifests::ComputeTargetSpec;
using manifests::ComputeTargetStatus;

void show(ComputeTargetStatus& status, Compute const& found) {
  status.azure_id = found.id;
  status.provisioning_state = found.provisioning_state;
  status.allocation_state = found.allocation_state;
  status.errors = found.errors;
  status.nodes.reset();
  if (found.nodes)
    status.nodes = manifests::NodeCounts{.current = found.nodes->current,
                                         .target = found.nodes->target,
                                         .preparing = found.nodes->preparing,
                                         .running = found.nodes->running,
                                         .idle = found.nodes->idle,
                                         .unusable = found.nodes->unusable,
                                         .leaving = found.nodes->leaving,
                                         .preempted = found.nodes->preempted};
}

/// A failed create, in Azure's words, as an error of ours: a quota is the surroundings' fault, a bad value
/// the spec's.
Error provisioning_error(std::vector<std::string> const& errors, std::string const& message) {
  std::string const first = errors.empty() ? "" : errors.front();
  auto const says = [&](std::string_view word) { return first.find(word) != std::string::npos; };
  if (says("Quota") || says("quota") || says("Batchlusters"))
    return {.kind = ErrorKind::Quota,
            .reason = "QuotaExceeded",
            .message = with_remedy(message, "ask for quota, or make the target smaller")};
  if (says("InvalidPropertyValue"))
    return {.kind = ErrorKind::Invalid,
            .reason = "InvalidPropertyValue",
            .message = with_remedy(message, "correct the spec")};
  return {.kind = ErrorKind::Forbidden, .reason = "ProvisioningFailed", .message = message};
}

class Pass : StatusPass<ComputeTargetStatus> {
 public:
  Pass(Parts const& parts, ObjectPtr object, Context const& context)
      : StatusPass(parts, std::move(object), context),
        spec_(manifests::compute_target_spec_from_json(object_->spec)),
        status_(manifests::compute_target_status_from_json(object_->status)),
        before_(status_),
        name_(compute_name_of(spec_, object_->key.name)) {
    if (before_.observed_generation != object_->generation) status_.setbacks = 0;
  }

  Outcome run() {
    if (std::optional<Outcome> const ended = promise()) return *ended;
    status_.capabilities = capability_words(spec_.block);
    ComputeDriver const* const driver = compute_driver(spec_.block);
    return driver == nullptr ? run_without_azure() : run_with_azure(*driver);
  }

 private:
  // ---- local

  Outcome run_without_azure() {
    status_.origin = "Created";
    status_.used_by = live_runs();
    if (!deleting())
      return conclude(status_, {Verdict::Kind::Ready, "Available", "this machine is ready"}, Outcome::rest());
    if (status_.used_by.empty()) return finalize();
    return conclude(
        status_,
        {Verdict::Kind::InProgress, "InUse", "deletion waits for the end of " + status_.used_by.front()},
        Outcome::rest());
  }

  // ---- in a workspace

  Outcome run_with_azure(ComputeDriver const& driver) {
    ObjectKey const workspace{"Workspace", object_->key.ns, spec_.workspace};
    scope_ = parts_.scopes.find(workspace);
    if (deleting())
      if (std::string const why = lost_because(parts_.store, workspace); !why.empty()) return forget(why);
    std::optional<azure::AmlWorkspace> const known = scope_ ? scope_->workspace() : std::nullopt;
    if (!known && scope_ && scope_->view()->missed_lists >= 3) return unseen(*scope_->view());
    if (!known) return waiting_for_workspace(workspace);
    location_ = known->location;

    std::shared_ptr<azure::AzureView const> const view = scope_->view();
    if (!view->computes_listed && view->missed_lists == 0)
      return wait_for_others(
          {Verdict::Kind::InProgress, "WaitingForList", "the workspace's computes are being listed"});
    if (view->missed_lists > 0 && view->compute(name_) == nullptr && !deleting()) return unseen(*view);
    ComputeFacts facts{.spec = spec_,
                       .owner = owner_mark(parts_.cluster, object_->key),
                       .holder = parts_.holder,
                       .deleting = deleting(),
                       .spec_changed = before_.observed_generation != object_->generation,
                       .now = now_,
                       .started = parts_.started,
                       .settle = parts_.settle,
                       .live_runs = live_runs(),
                       .other_targets = other_targets(),
                       .found = view->compute(name_)};
    if (facts.found != nullptr && !facts.found->complete) facts.found = nullptr;  // rule 5: null forces a GET
    ComputeDecision decision = decide(facts, driver, status_);
    std::optional<Compute> got;
    if (std::holds_alternative<ComputeAct::Get>(decision.action)) {
      // Not there, as far as a list can tell: the GET that makes sure of it is for the PUT.
      bool const creates = facts.found == nullptr && !facts.deleting && driver.creates(spec_);
      if (creates) {
        Result<azure::WriteToken> token = scope_->reserve_write();
        if (!token) return give_up(status_, token.error().while_doing("creating the compute"));
        token_.emplace(std::move(*token));
      }
      facts.get_began = parts_.clock().wall();
      Result<std::optional<Compute>> answer = scope_->get_compute(name_, context_);
      if (!answer) return give_up(status_, answer.error().while_doing("reading compute " + name_));
      got = std::move(*answer);
      facts.found = got ? &*got : nullptr;
      facts.asked = true;
      decision = decide(facts, driver, status_);
    }
    status_ = decision.status;
    if (facts.found != nullptr) show(status_, *facts.found);
    return act(decision, driver, facts, *view);
  }

  /// Rule 2: while lists fail the workspace may be gone, and what is absent proves nothing. The list that
  /// sees it again wakes this target.
  Outcome unseen(azure::AzureView const& view) {
    if (view.missed_lists < 3) return Outcome::after(std::chrono::seconds(10));
    return conclude(status_, {Verdict::Kind::Unknown, "ObservationStale", stale_words(view)},
                    Outcome::after(std::chrono::minutes(1)), true);
  }

  static std::string stale_words(azure::AzureView const& view) {
    return "Azure could not be read since " +
           (view.computes_listed ? to_rfc3339(*view.computes_listed) : "the start") + ": " +
           view.last_error.message;
  }

  /// The first list, or the workspace's next status, wakes this target. After a restart what was told last
  /// still stands.
  Outcome wait_for_others(Verdict const& verdict) {
    bool const told = !before_.conditions.empty() && before_.observed_generation == object_->generation;
    return told ? Outcome::rest() : conclude(status_, verdict, Outcome::rest());
  }

  /// Rule 24: without a way to Azure the deletion waits a while, then ends; at once if nothing was ever made
  /// there.
  Outcome forget(std::string const& why) {
    bool const nothing = status_.origin.empty() && !status_.doubt;
    Duration const left = forget_in(*object_, now_);
    if (!nothing && left > Duration{0})
      return conclude(status_, {Verdict::Kind::InProgress, "WaitingForWorkspace", why}, Outcome::after(left));
    if (status_.origin == "Created" || status_.doubt)
      tell_forgotten(parts_, object_->key, status_.azure_id.empty() ? "compute " + name_ : status_.azure_id,
                     why);
    return finalize();
  }

  /// The workspace's next status wakes this target.
  Outcome waiting_for_workspace(ObjectKey const& key) {
    ObjectPtr const workspace = parts_.store.get(key);
    if (!workspace)
      return conclude(status_,
                      {Verdict::Kind::Stalled, "WorkspaceNotFound",
                       "spec.workspace: there is no Workspace '" + key.name + "' in namespace " + key.ns},
                      Outcome::rest());
    if (std::string const why = stalled_because(*workspace); !why.empty())
      return conclude(status_,
                      {Verdict::Kind::Stalled, "WorkspaceNotReady", "Workspace '" + key.name + "': " + why},
                      Outcome::rest());
    return wait_for_others(
        {Verdict::Kind::InProgress, "WaitingForWorkspace", "Workspace '" + key.name + "' is not ready yet"});
  }

  Outcome act(ComputeDecision const& decision, ComputeDriver const& driver, ComputeFacts const& facts,
              azure::AzureView const& view) {
    if (std::holds_alternative<ComputeAct::Finalize>(decision.action)) {
      if (!decision.message.empty())
        parts_.store.record({.about = object_->key, .reason = decision.reason, .message = decision.message});
      return finalize();
    }
    if (paused() && !std::holds_alternative<ComputeAct::Wait>(decision.action))
      return conclude(status_,
                      {Verdict::Kind::Stalled, "Paused",
                       "the annotation trainyard.dev/reconcile is paused; not done: " + decision.message},
                      Outcome::rest(), true);
    if (auto const* put = std::get_if<ComputeAct::Put>(&decision.action)) {
      if (put->act == "Create" && refused_before()) return stay_told();
      return write_compute(put->act, decision, driver, facts);
    }
    if (std::holds_alternative<ComputeAct::Delete>(decision.action)) {
      bool const failed = facts.found != nullptr && facts.found->failed() && !facts.deleting;
      if (failed && !facts.spec_changed)
        if (std::optional<Outcome> const later = failed_create(decision)) return *later;
      return delete_compute(decision);
    }
    bool const moving = !decision.ready && !decision.stuck;
    scope_->set_busy(to_string(object_->key), moving || status_.doubt.has_value() || resizing(facts));
    Verdict verdict{decision.ready   ? Verdict::Kind::Ready
                    : decision.stuck ? Verdict::Kind::Stalled
                                     : Verdict::Kind::InProgress,
                    decision.reason, decision.message};
    if (decision.ready && view.missed_lists >= 3)
      verdict = {Verdict::Kind::Unknown, "ObservationStale", stale_words(view)};
    return conclude(status_, verdict,
                    status_.doubt || moving ? Outcome::after(std::chrono::seconds(30)) : Outcome::rest());
  }

  static bool resizing(ComputeFacts const& facts) {
    return facts.found != nullptr && azure::same_text(facts.found->allocation_state, "Resizing");
  }

  /// A failed create is told first, and deleted and put again when its time has come; never if only the spec
  /// can mend it.
  std::optional<Outcome> failed_create(ComputeDecision const& decision) {
    Error const error = provisioning_error(status_.errors, decision.message);
    bool const told = before_.provisioning_state == status_.provisioning_state && !before_.errors.empty();
    if (!told) return give_up(status_, error);
    if (react(error) == Reaction::Own) return stay_told();
    if (too_early()) return stay_told();
    return std::nullopt;
  }

  /// Azure refused the create of this very spec: again when its time has come, or never if only the spec can
  /// mend it.
  [[nodiscard]] bool refused_before() const {
    if (before_.errors.empty() || before_.observed_generation != object_->generation) return false;
    if (!before_.next_look.empty()) return too_early();
    // Something else was told since, as of a broken connection, and the time of the next try with it: now.
    if (before_.setbacks > 0) return false;
    return before_.provisioning_state.empty();  // a compute that failed and is gone may be made again
  }
  [[nodiscard]] bool too_early() const {
    bool const asked = object_->annotation(kReconcileRequestedAt) != before_.last_handled_reconcile_at;
    return !asked && reconcilers::too_early(before_.next_look, before_.setbacks, parts_.started, now_);
  }
  [[nodiscard]] Outcome stay_told() const {
    return before_.next_look.empty() ? Outcome::rest() : Outcome::after(until_next_look());
  }
  [[nodiscard]] bool paused() const { return object_->annotation("trainyard.dev/reconcile") == "paused"; }

  [[nodiscard]] Duration until_next_look() const {
    auto const at = parse_rfc3339(before_.next_look);
    return at && *at > now_ ? *at - now_ : Duration(std::chrono::seconds(1));
  }

  // ---- writes to Azure: the intent first (rule 2a)

  /// Nothing once the intent is written and fresh; else how the pass ends.
  std::optional<Outcome> intend(std::string const& act, Verdict const& verdict) {
    WallTime const at = parts_.clock().wall();
    status_.doubt = manifests::ComputeIntent{.act = act, .at = to_rfc3339(at)};
    if (act == "Create") status_.errors.clear();
    if (std::optional<Outcome> const failed = write(status_, verdict)) return failed;
    scope_->set_busy(to_string(object_->key), true);
    if (parts_.clock().wall() - at > kIntentAge) return Outcome::soon();
    return std::nullopt;
  }

  Outcome write_compute(std::string const& act, ComputeDecision const& decision, ComputeDriver const& driver,
                        ComputeFacts const& facts) {
    WallTime const read_at = scope_->azure_date();
    std::string const expected = facts.found != nullptr ? facts.found->created_on : "";
    Verdict const verdict{Verdict::Kind::InProgress, decision.reason, decision.message};
    if (std::optional<Outcome> const ended = intend(act, verdict)) return *ended;
    Json const body = put_body(act, facts, driver, status_, location_, read_at);
    Result<Compute> const answer = scope_->put_compute(name_, body, context_, std::move(token_));
    if (!answer) return unanswered(answer.error().while_doing(decision.message));
    if (act != "Take" || answer->created_on != expected) {  // else it counts only once it is seen
      status_.doubt.reset();
      note_answer(status_, *answer, expected);
    }
    show(status_, *answer);
    parts_.azure.log.info("compute written",
                          {{"namespace", object_->key.ns}, {"name", object_->key.name}, {"act", act}});
    return conclude(status_, verdict, Outcome::after(std::chrono::seconds(30)));
  }

  Outcome delete_compute(ComputeDecision const& decision) {
    Verdict const verdict{Verdict::Kind::InProgress, decision.reason, decision.message};
    if (std::optional<Outcome> const ended = intend("Delete", verdict)) return *ended;
    Result<Done> const answer = scope_->delete_compute(name_, context_);
    if (!answer) return unanswered(answer.error().while_doing(decision.message));
    status_.doubt.reset();
    status_.provisioning_state = "Deleting";
    parts_.azure.log.info("compute deleted", {{"namespace", object_->key.ns}, {"name", object_->key.name}});
    return conclude(status_, verdict, Outcome::after(std::chrono::seconds(30)), true);
  }

  /// An answer that says no leaves nothing in doubt; no answer does.
  Outcome unanswered(Error const& error) {
    if (!error.maybe_applied) {
      status_.doubt.reset();
      Reaction const reaction = react(error);
      if (reaction == Reaction::Own || reaction == Reaction::Surroundings)
        status_.errors = {error.reason + ": " + error.message};
    }
    return give_up(status_, error);
  }

  // ---- who else

  std::vector<std::string> live_runs() const {
    std::vector<std::string> names;
    for (ObjectPtr const& run : parts_.store.list("TrainingRun")) {
      if (run->key.ns != object_->key.ns || !uses_target(*run, object_->key.name)) continue;
      if (is_live(manifests::training_run_status_from_json(run->status)))
        names.push_back(to_string(run->key));
    }
    return names;
  }

  std::vector<std::string> other_targets() const {
    std::vector<std::string> names;
    for (ObjectPtr const& other : parts_.store.list("ComputeTarget")) {
      if (other->key == object_->key || other->key.ns != object_->key.ns) continue;
      if (other->spec.text("workspace") == spec_.workspace &&
          azure::same_text(compute_name_of(other->spec, other->key.name), name_))
        names.push_back(to_string(other->key));
    }
    return names;
  }

  // ---- what is told

  Outcome finalize() {
    if (scope_) scope_->set_busy(to_string(object_->key), false);
    return release();
  }

  ComputeTargetSpec spec_;
  ComputeTargetStatus status_;
  ComputeTargetStatus const before_;
  std::string name_;
  std::shared_ptr<azure::AzureScope> scope_;
  std::optional<azure::WriteToken> token_;  // while a create may follow
  std::string location_;
};

class ComputeTargetReconciler final : public Reconciler {
 public:
  explicit ComputeTargetReconciler(Parts const& parts) : parts_(parts) {
    register_forgotten(parts.azure.metrics, "ComputeTarget");
  }
  [[nodiscard]] std::string_view kind() const override { return "ComputeTarget"; }
  Outcome reconcile(ObjectPtr read, Context const& context) override {
    return Pass(parts_, std::move(read), context).run();
  }

 private:
  Parts const& parts_;
};

}  // namespace

std::unique_ptr<Reconciler> make_compute_target_reconciler(Parts const& parts) {
  return std::make_unique<ComputeTargetReconciler>(parts);
}

}  // namespace trainyard::reconcilers
