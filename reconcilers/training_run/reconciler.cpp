// TrainingRun: one pass. The policy is decide(); here its facts are gathered and its action is done.
#include "reconcilers/reconciler.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "manifests/training_run.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/forget.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/references.hpp"
#include "reconcilers/status_pass.hpp"
#include "reconcilers/training_run/decide.hpp"
#include "reconcilers/training_run/places.hpp"
#include "reconcilers/training_run/present.hpp"
#include "reconcilers/training_run/target.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::TrainingRunSpec;
using manifests::TrainingRunStatus;

constexpr int kMostGets = 64;  // of one pass: more attempts than that are looked at in the next
constexpr std::string_view kRestartedAt = "trainyard.dev/restarted-at", kTakeover = "trainyard.dev/takeover",
                           kCancel =
                               "trainyard.dev/cancel",  // names the attempt to end: no later one is meant
    kReconcile = "trainyard.dev/reconcile";

class Pass : StatusPass<TrainingRunStatus> {
 public:
  Pass(Parts const& parts, ObjectPtr object, Context const& context)
      : StatusPass(parts, std::move(object), context),
        owner_(owner_mark(parts.cluster, object_->key)),
        spec_(manifests::training_run_spec_from_json(object_->spec)),
        before_(manifests::training_run_status_from_json(object_->status)),
        places_(parts, object_->key, before_) {}

  Outcome run() {
    if (std::optional<Outcome> const ended = promise()) return *ended;

    TrainingRunStatus status = before_;
    if (before_.observed_generation != object_->generation) status.setbacks = 0;
    trouble_ = resolve(status);
    if (deleting()) {
      trouble_.reset();
      places_.find_lost(forget_in(*object_, now_));
    }
    if (trouble_ && before_.run_name.empty() && before_.doubts.empty()) return give_up(status, *trouble_);
    if (trouble_ && before_.observed_generation != object_->generation) status.source_digest.clear();
    RunFacts facts = make_facts(status);
    Outcome const outcome = decide_and_act(status, facts);
    if (places_.any_lost() && waits_longer(outcome, forget_in(*object_, now_)))
      return Outcome::after(forget_in(*object_, now_));
    return trouble_ && outcome.next == Outcome::Next::Rest ? trouble_outcome(*trouble_) : outcome;
  }

 private:
  Outcome decide_and_act(TrainingRunStatus& status, RunFacts& facts) {
    std::optional<RunDecision> decision = decide_from_cache(status, facts);
    for (int gets = 0; !decision; ++gets) {
      RunDecision next = decide(facts, status);
      auto const* const get = std::get_if<RunAct::Get>(&next.action);
      if (get == nullptr) {
        decision = std::move(next);
      } else {
        if (gets == kMostGets) return Outcome::backoff();
        if (auto error = look(get->id, facts)) return give_up(status, *error);
      }
    }
    return act(*decision, facts);
  }

  /// A live attempt of which nothing but its state is to be told costs no GET: the list shows it. Whatever is
  /// to be done or recorded rests on GETs.
  std::optional<RunDecision> decide_from_cache(TrainingRunStatus const& status, RunFacts& facts) {
    if (status.run_name.empty() || facts.deleting) return std::nullopt;
    Result<std::unique_ptr<RunDriver>> const at = places_.driver(status.run_place);
    std::optional<RunSeen> seen = at ? (*at)->cached(status.run_name) : std::nullopt;
    if (!seen || !seen->live() || seen->owner != owner_) return std::nullopt;
    RunFacts as_listed = facts;
    as_listed.gets[status.run_name] = *seen;
    RunDecision decision = decide(as_listed, status);
    if (!std::holds_alternative<RunAct::Wait>(decision.action) || !(decision.status == status))
      return std::nullopt;
    if (Result<Done> const more = add_details(**at, *seen); !more) keep_details(*seen, more.error());
    facts.gets[status.run_name] = std::move(seen);
    return decision;
  }

  // ---- what is wanted

  /// Fills target_, source_digest_ and the wanted revision. On trouble what was wanted last stays wanted.
  std::optional<Error> resolve(TrainingRunStatus& status) {
    std::optional<Error> missing = find_target(parts_, object_->key.ns, spec_, target_);
    if (!target_.place.empty()) places_.want(target_.place);
    if (missing) return missing;
    if (std::optional<Error> unknown = find_source(status)) return unknown;
    bool const frozen = spec_.on_change == manifests::OnChange::Ignore && !before_.run_name.empty();
    if (!frozen)
      status.revision =
          manifests::training_run_revision(object_->spec, {.source_digest = source_digest_,
                                                           .workspace_id = target_.workspace_id,
                                                           .compute_name = target_.compute_name,
                                                           .restart = object_->annotation(kRestartedAt)});
    if (!is_live(before_)) status.compute = target_.words;  // a live attempt is where it was submitted
    return std::nullopt;
  }

  /// Fills source_ and source_digest_. What a git ref stands for is asked once for each restart and edit of
  /// spec.source.git (design, rule 20), and of a commit that is known nothing is read again.
  std::optional<Error> find_source(TrainingRunStatus& status) {
    source_ = source_of(*object_);
    std::string const asked =
        source_.git.url.empty() ? "" : digest_of_question(source_.git, object_->annotation(kRestartedAt));
    bool const known = !asked.empty() && status.source_asked == asked;
    if (known) source_.git.commit = status.source_commit;
    if (!known || status.source_digest.empty()) {
      Result<SourceInfo> const info = parts_.sources.scan(source_, context_);
      if (!info) return info.error();
      status.source_digest = info->digest;
      status.source_commit = source_.git.commit = info->commit;
      status.source_asked = asked;
    }
    source_digest_ = status.source_digest;
    return std::nullopt;
  }

  static std::string digest_of_question(GitRef const& git, std::string const& restart) {
    return hex(sha256_of_parts({git.url, git.ref, git.path, restart})).substr(0, 16);
  }

  RunFacts make_facts(TrainingRunStatus const& status) {
    std::string const place = target_.place.empty() ? before_.run_place : target_.place;
    bool const anywhere =
        !place.empty() && !places_.given_up(place);  // else there is nothing to seek names in
    std::string const cluster = parts_.cluster, revision = anywhere ? status.revision : "";
    ObjectKey const key = object_->key;
    RunFacts facts{.deleting = deleting(),
                   .suspend = spec_.suspend,
                   .cancel = object_->annotation(kCancel),
                   .revision = revision,
                   .place = place,
                   .holder = parts_.holder,
                   .takeover = object_->annotation(kTakeover) == "true",
                   .retry_limit = spec_.retry_limit,
                   .retry_on = spec_.retry_on,
                   .timeout = spec_.timeout,
                   .queue_timeout = spec_.queue_timeout,
                   .now = now_,
                   .settle = parts_.settle,
                   .listing = places_.listing(owner_, context_)};
    facts.name_of = [cluster, key, revision](std::int64_t attempt) {
      return run_name(cluster, key, revision, attempt);
    };
    facts.attempt_of = [cluster, key, revision](std::string const& name) {
      return attempt_of(name, cluster, key, revision);
    };
    return facts;
  }

  [[nodiscard]] static bool waits_longer(Outcome const& outcome, Duration limit) {
    if (limit == Duration{0}) return false;
    return outcome.next == Outcome::Next::Rest ||
           (outcome.next == Outcome::Next::After && outcome.delay > limit);
  }

  // ---- what is seen

  std::optional<Error> look(RunId const& id, RunFacts& facts) {
    if (places_.given_up(id.place)) {
      facts.gets[id.name] = std::nullopt;
      facts.get_began[id.name] = now_;
      return std::nullopt;
    }
    Result<std::unique_ptr<RunDriver>> const at = places_.driver(id.place);
    if (!at) return at.error();
    WallTime began{};
    Result<std::optional<RunSeen>> seen = (*at)->get(id.name, began, context_);
    if (!seen) return seen.error();
    if (seen->has_value()) {
      if ((*seen)->owner != owner_)
        return Error{
            .kind = ErrorKind::Invalid,
            .reason = "NameTaken",
            .message = "a run named " + id.name + " is there and is not ours; nothing was submitted"};
      if (Result<Done> const more = add_details(**at, **seen); !more) {
        // The reason of a failure decides what follows; nothing else hides the run's state.
        if ((*seen)->state == RunSeen::State::Failed && (*seen)->failure_class.empty()) return more.error();
        keep_details(**seen, more.error());
      }
    }
    facts.gets[id.name] = std::move(*seen);
    facts.get_began[id.name] = began;
    return std::nullopt;
  }

  /// The start does not change once it has begun: it is read once, and who was stopped may tell it no more.
  Result<Done> add_details(RunDriver& at, RunSeen& seen) const {
    bool const waits = seen.state == RunSeen::State::Live && seen.queued;
    if (!waits && seen.name == before_.run_name && seen.started_at.empty())
      seen.started_at = before_.started_at;
    return at.add_details(seen, context_);
  }

  /// What could not be read again stays as it was told; an ended attempt without its end is asked again.
  void keep_details(RunSeen& seen, Error const& error) {
    if (!seen.live() && is_blip(error)) {
      seen.ended_at.clear();
      details_missing_ = true;
    }
    if (seen.name != before_.run_name) return;
    if (seen.metrics.empty()) seen.metrics = before_.metrics;
    if (seen.started_at.empty()) seen.started_at = before_.started_at;
  }

  // ---- what is done

  static bool writes(RunAction const& action) {
    return std::holds_alternative<RunAct::Create>(action) ||
           std::holds_alternative<RunAct::WriteReason>(action) ||
           std::holds_alternative<RunAct::Cancel>(action);
  }

  /// As it was before a create was decided on: nothing is submitted in this pass.
  void restore_attempt(TrainingRunStatus& status) const {
    status.run_name = before_.run_name;
    status.run_place = before_.run_place;
    status.attempt = before_.attempt;
    status.seen = before_.seen;
    status.doubts = before_.doubts;
  }

  Outcome act(RunDecision& decision, RunFacts& facts) {
    TrainingRunStatus& status = decision.status;
    if (object_->annotation(kReconcile) == "paused" && writes(decision.action)) {
      if (std::holds_alternative<RunAct::Create>(decision.action)) restore_attempt(status);
      show(status, facts);
      return conclude(status,
                      {Verdict::Kind::Stalled, "Paused",
                       "the annotation trainyard.dev/reconcile is paused; remove it to let the run go on"},
                      Outcome::rest(), true);
    }
    if (auto const* create = std::get_if<RunAct::Create>(&decision.action))
      return submit(*create, decision, facts);
    if (auto const* reason = std::get_if<RunAct::WriteReason>(&decision.action))
      return end(reason->id, reason->reason, decision, facts);
    if (auto const* cancel = std::get_if<RunAct::Cancel>(&decision.action))
      return end(cancel->id, "", decision, facts);
    if (std::holds_alternative<RunAct::Finalize>(decision.action)) return finalize();
    if (auto const* held = std::get_if<RunAct::Held>(&decision.action))
      return conclude(status,
                      {Verdict::Kind::Stalled, "AnotherController",
                       "a live run of this object belongs to another state store (" + held->holder +
                           "); wait for its end, or set the annotation trainyard.dev/takeover: \"true\""},
                      Outcome::after(std::chrono::minutes(1)));
    show(status, facts);
    bool const recorded = std::holds_alternative<RunAct::Record>(decision.action);
    bool const live = is_live(status);
    places_.set_busy(status);
    Verdict verdict = verdict_of(status, spec_.ready_when);
    if (trouble_ && status.source_digest.empty())  // what the spec says now could never be told
      return give_up(status, *trouble_);
    if (verdict.kind == Verdict::Kind::InProgress) verdict.message += why_queued(status, facts);
    if (!decision.waiting_for.empty())
      verdict = {Verdict::Kind::InProgress, facts.deleting ? "Deleting" : "Waiting",
                 "waiting for " + decision.waiting_for};
    Outcome const next = recorded                                ? Outcome::soon()
                         : details_missing_                      ? Outcome::after(std::chrono::seconds(30))
                         : live || !decision.waiting_for.empty() ? Outcome::after(places_.pace(facts.place))
                                                                 : Outcome::rest();
    return conclude(status, verdict, next);
  }

  static std::string why_queued(TrainingRunStatus const& status, RunFacts const& facts) {
    auto const found = facts.gets.find(status.run_name);
    if (found == facts.gets.end() || !found->second || !found->second->live()) return "";
    return found->second->why_queued.empty() ? "" : ": " + found->second->why_queued;
  }

  /// The current attempt as this pass saw it; one whose end was recorded earlier stays as it was told.
  void show(TrainingRunStatus& status, RunFacts& facts) {
    if (status.run_name.empty()) return show_no_attempt(status, spec_.suspend ? "Suspended" : "Pending");
    bool const told = status.run_name == before_.run_name && !before_.ended_at.empty();
    if (!facts.gets.contains(status.run_name) && !told)
      (void)look({status.run_name, status.run_place},
                 facts);  // for its metrics only; without them the record speaks
    auto const found = facts.gets.find(status.run_name);
    if (found == facts.gets.end()) return;
    if (found->second) {
      show_attempt(status, *found->second);
      if (spec_.suspend && status.phase == "Canceled") status.phase = "Suspended";
    } else if (!status.history.empty() && status.history.back().outcome == "Deleted") {
      status.phase = "Deleted";
    }
  }

  Outcome submit(RunAct::Create const& create, RunDecision& decision, RunFacts& facts) {
    TrainingRunStatus waiting = decision.status;
    restore_attempt(waiting);
    show_no_attempt(waiting, "Pending");
    if (trouble_) return give_up(waiting, *trouble_);
    if (refused_before(waiting.revision)) {
      bool const by_time = !before_.next_look.empty();
      return by_time ? Outcome::after(*parse_rfc3339(before_.next_look) - now_) : Outcome::rest();
    }
    if (!target_.ready)
      return conclude(waiting,
                      {target_.stalled ? Verdict::Kind::Stalled : Verdict::Kind::InProgress,
                       target_.stalled ? "TargetNotReady" : "WaitingForTarget",
                       "ComputeTarget '" + spec_.compute_target + "' is not ready: " + target_.why_not},
                      Outcome::rest());  // the target's next status wakes this run

    RunRequest const request{.name = create.id.name,
                             .display_name = object_->key.ns + "/" + object_->key.name,
                             .experiment = spec_.experiment.empty() ? object_->key.name : spec_.experiment,
                             .run = object_->key,
                             .uid = object_->uid,
                             .owner = owner_,
                             .holder = parts_.holder,
                             .revision = facts.revision,
                             .attempt = create.attempt,
                             .compute_name = target_.compute_name,
                             .source = source_,
                             .source_digest = source_digest_,
                             .spec = spec_};
    Result<std::unique_ptr<RunDriver>> const at = places_.driver(create.id.place);
    if (!at) return give_up(waiting, at.error());
    Result<PreparedRun> const prepared = (*at)->prepare(request, context_);
    if (!prepared) return give_up(waiting, prepared.error());
    if (!target_still_ready()) return Outcome::soon();  // an upload may take minutes

    // Rule 2a: the intent is in the status before the request leaves, by a write that fails if anything
    // changed meanwhile.
    TrainingRunStatus& status = decision.status;
    WallTime const intended = parts_.clock().wall();
    for (manifests::RunDoubt& doubt : status.doubts)
      if (doubt.name == create.id.name) doubt.at = to_rfc3339(intended);
    show_no_attempt(status, "Preparing");
    status.compute = target_.words;
    Verdict const submitting{Verdict::Kind::InProgress, "Submitting", "submitting run " + create.id.name};
    if (std::optional<Outcome> const failed = write(status, submitting)) return *failed;
    (*at)->set_busy(to_string(object_->key), true);
    if (parts_.clock().wall() - intended > kIntentAge) return Outcome::soon();
    // From that write on the target's deletion waits for this run; one that was asked for before is seen
    // here.
    if (!target_still_ready()) return Outcome::soon();

    Result<RunSeen> seen = (*at)->submit(request, *prepared, context_);
    if (!seen) {  // rule 13: after every answer that is not 2xx, look
      WallTime began{};
      Result<std::optional<RunSeen>> found = (*at)->get(create.id.name, began, context_);
      if (found && found->has_value() && (*found)->owner == owner_)
        seen = std::move(**found);
      else if (!seen.error().maybe_applied && found && !found->has_value())
        return refused(status, create.id.name, seen.error());
      else
        return give_up(status, seen.error());  // in doubt: the status says so until a look settles it
    }
    parts_.azure.log.info(
        "run submitted",
        {{"namespace", object_->key.ns}, {"name", object_->key.name}, {"run", create.id.name}});
    std::erase_if(status.doubts, [&](manifests::RunDoubt const& d) { return d.name == create.id.name; });
    status.seen = true;
    show_attempt(status, *seen);
    return conclude(status, verdict_of(status, spec_.ready_when), Outcome::after((*at)->pace()));
  }

  [[nodiscard]] bool target_still_ready() const {
    RunTarget now;
    return !find_target(parts_, object_->key.ns, spec_, now) && now.ready;
  }

  /// The service said no to this very submission: again when its time has come, or never if only the spec can
  /// mend it.
  [[nodiscard]] bool refused_before(std::string const& revision) const {
    bool const refused = before_.run_name.empty() && !before_.failure_message.empty();
    if (!refused || revision != before_.revision || before_.observed_generation != object_->generation)
      return false;
    bool const asked = object_->annotation(kReconcileRequestedAt) != before_.last_handled_reconcile_at;
    if (before_.next_look.empty()) return before_.setbacks == 0;  // else it was for a time, told no more
    return !asked && too_early(before_.next_look, before_.setbacks, parts_.started, now_);
  }

  /// The service said no, and the name is not there: nothing of this request is in doubt. An earlier one of
  /// that name may still land.
  Outcome refused(TrainingRunStatus& status, std::string const& name, Error const& error) {
    std::erase_if(status.doubts, [&](manifests::RunDoubt const& d) { return d.name == name; });
    for (manifests::RunDoubt const& earlier : before_.doubts)
      if (earlier.name == name) status.doubts.push_back(earlier);
    status.run_name.clear();
    status.run_place.clear();
    show_no_attempt(status, "Pending");
    if (!is_blip(error)) status.failure_message = error.message;
    return give_up(status, error);
  }

  /// Writes the reason (when there is one to write), or cancels what carries one already.
  Outcome end(RunId const& id, std::string const& reason, RunDecision& decision, RunFacts& facts) {
    show(decision.status, facts);
    if (decision.status.run_name == id.name)
      decision.status.phase = "Canceling";  // else the phase is another's
    Verdict const verdict{Verdict::Kind::InProgress, "Canceling", "cancelling run " + id.name};
    WallTime const intended = parts_.clock().wall();
    if (std::optional<Outcome> const failed = write(decision.status, verdict)) return *failed;
    if (parts_.clock().wall() - intended > kIntentAge) return Outcome::soon();
    Result<std::unique_ptr<RunDriver>> const at = places_.driver(id.place);
    if (!at) return give_up(decision.status, at.error());
    (*at)->set_busy(to_string(object_->key), true);
    Result<Done> const done =
        reason.empty() ? (*at)->cancel(id.name, context_) : (*at)->write_reason(id.name, reason, context_);
    if (!done) return give_up(decision.status, done.error());
    return reason.empty() ? Outcome::after(std::chrono::seconds(2)) : Outcome::soon();
  }

  Outcome finalize() {
    places_.set_busy({});
    places_.tell_forgotten();
    return release();
  }

  // ---- what is told

  Outcome trouble_outcome(Error const& error) const {
    std::string next_look;
    std::int64_t setbacks = before_.setbacks;
    return setback(error, setbacks, next_look, now_).outcome;
  }

  Outcome give_up(TrainingRunStatus& status, Error const& error) {
    if (status.phase.empty()) status.phase = "Pending";
    return StatusPass::give_up(status, error);
  }

  std::string owner_;
  TrainingRunSpec spec_;
  TrainingRunStatus before_;
  RunTarget target_;
  RunPlaces places_;
  std::optional<Error> trouble_;  // why the wanted state cannot be told; a live attempt is still looked after
  SourceRef source_;
  std::string source_digest_;
  bool details_missing_ = false;
};

class TrainingRunReconciler final : public Reconciler {
 public:
  explicit TrainingRunReconciler(Parts const& parts) : parts_(parts) {
    register_forgotten(parts.azure.metrics, "TrainingRun");
  }
  [[nodiscard]] std::string_view kind() const override { return "TrainingRun"; }
  Outcome reconcile(ObjectPtr read, Context const& context) override {
    return Pass(parts_, std::move(read), context).run();
  }

 private:
  Parts const& parts_;
};

}  // namespace

std::unique_ptr<Reconciler> make_training_run_reconciler(Parts const& parts) {
  return std::make_unique<TrainingRunReconciler>(parts);
}

}  // namespace trainyard::reconcilers
