#include "controller/manager/operator.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "manifests/compute_target.hpp"
#include "manifests/kinds.hpp"
#include "reconcilers/compute_target/capabilities.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/drivers/aml_run.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/references.hpp"
#include "reconcilers/training_run/follow.hpp"
#include "reconcilers/training_run/present.hpp"

namespace trainyard::manager {

namespace {

using reconcilers::Outcome;

constexpr std::string_view kList =
    "AzureList";  // the queue's word for one list of a workspace: its key is the workspace's
constexpr std::string_view kLog =
    "RunLog";  // and for one look at a log that is followed: its key is the run's
constexpr std::array<std::string_view, 3> kKinds{"Workspace", "ComputeTarget", "TrainingRun"};
// Two operators that answer each other's words about what they listed at different times would not end.
constexpr Duration kAfterAnother = std::chrono::seconds(1);
constexpr Duration kPassDeadline = std::chrono::minutes(10);  // an upload is the longest thing a pass does

manifests::ConditionStatus status_of(StoredObject const& object, std::string_view type) {
  manifests::Conditions const conditions = manifests::conditions_from_json(object.status.at("conditions"));
  manifests::Condition const* const found = find_condition(conditions, type);
  return found == nullptr ? manifests::ConditionStatus::Unknown : found->status;
}

/// Whether others may go on by what changed. How often it was set back, and when it looks again, is its own
/// affair: two that fail and wait for each other would wake each other without end.
bool tells_more(StoredObject const& before, StoredObject const& after) {
  auto const told = [](Json status) {
    for (char const* own : {"setbacks", "nextLook"}) status.erase(own);
    return status;
  };
  return before.resource_version != after.resource_version &&
         (before.generation != after.generation || before.deleted_at != after.deleted_at ||
          before.finalizers != after.finalizers || !(told(before.status) == told(after.status)));
}

/// Nothing is to be done for its spec. Then what changed is mostly its status, by another operator of this
/// store: there may be two for a while.
bool is_told(StoredObject const& object) {
  return !object.deleted_at && object.status.at("observedGeneration").integer_or(0) == object.generation;
}

}  // namespace

Operator::Operator(reconcilers::Parts const& parts)
    : parts_(parts), queue_(parts.azure.random, parts.azure.metrics), fleet_(parts) {
  for (auto make : {reconcilers::make_workspace_reconciler, reconcilers::make_compute_target_reconciler,
                    reconcilers::make_training_run_reconciler}) {
    std::unique_ptr<reconcilers::Reconciler> reconciler = make(parts);
    std::string const kind(reconciler->kind());
    for (char const* result : {"success", "error"}) passes(kind, result);
    failed_passes(kind);
    pass_time(kind);
    reconcilers_.emplace(kind, std::move(reconciler));
  }
}

Counter& Operator::passes(std::string const& kind, char const* result) const {
  return parts_.azure.metrics.counter("controller_runtime_reconcile_total",
                                      "passes over objects by controller and result",
                                      {{"controller", kind}, {"result", result}});
}

Counter& Operator::failed_passes(std::string const& kind) const {
  return parts_.azure.metrics.counter("controller_runtime_reconcile_errors_total",
                                      "passes over objects that failed, by controller",
                                      {{"controller", kind}});
}

Histogram& Operator::pass_time(std::string const& kind) const {
  return parts_.azure.metrics.histogram("controller_runtime_reconcile_time_seconds",
                                        "how long a pass over an object took, by controller",
                                        {{"controller", kind}});
}

void Operator::refresh_metrics() const {
  queue_.refresh_metrics(parts_.clock().steady());
  fleet_.refresh();
}

void Operator::start() {
  for (std::string_view const kind : kKinds)
    for (ObjectPtr const& object : parts_.store.list(kind)) {
      add_now(object->key);
      add_log(*object);
    }
}

void Operator::add_now(ObjectKey const& key) { queue_.add(key, parts_.clock().steady()); }

void Operator::add_log(StoredObject const& object) {
  if (parts_.logs == nullptr || object.key.kind != "TrainingRun") return;
  if (reconcilers::is_followed(object, parts_.clock().wall()))
    add_now({std::string(kLog), object.key.ns, object.key.name});
}

void Operator::take_changes() {
  for (ObjectKey const& key : parts_.store.take_changes()) {
    if (key.kind == "Secret" || key.kind == "ConfigMap") {
      for (std::string_view const kind : kKinds)
        for (ObjectPtr const& object : parts_.store.list(kind))
          if (reconcilers::refers_to(*object).contains(key)) add_now(object->key);
      continue;
    }
    ObjectPtr const object = parts_.store.get(key);
    queue_.add(key, parts_.clock().steady() + (object && is_told(*object) ? kAfterAnother : Duration{0}));
    wake_dependents(key);
    if (object) add_log(*object);
  }
}

void Operator::enqueue_due_lists() {
  SteadyTime const now = parts_.clock().steady();
  for (auto const& [workspace, scope] : parts_.scopes.all()) {
    SteadyTime const due = scope->next_list();
    if (due > now) continue;
    if (is_enqueued(workspace, scope, due)) continue;
    listed_[workspace] = {scope, due};
    queue_.add({std::string(kList), workspace.ns, workspace.name}, now);
  }
}

bool Operator::is_enqueued(ObjectKey const& workspace, std::shared_ptr<azure::AzureScope> const& scope,
                           SteadyTime due) const {
  auto const last = listed_.find(workspace);
  return last != listed_.end() && last->second.scope == scope && last->second.due == due;
}

std::optional<SteadyTime> Operator::next_due() {
  std::optional<SteadyTime> due = queue_.next_due();
  std::lock_guard lock(pump_);
  for (auto const& [workspace, scope] : parts_.scopes.all()) {
    SteadyTime const list = scope->next_list();
    if (is_enqueued(workspace, scope, list))
      continue;  // it may be under way for long: its end wakes who waits
    if (!due || list < *due) due = list;
  }
  return due;
}

bool Operator::step(std::stop_token const& stop) {
  {
    std::lock_guard lock(pump_);
    take_changes();
    enqueue_due_lists();
  }
  std::optional<ObjectKey> const key = queue_.pop_ready(parts_.clock().steady());
  if (!key) return false;
  if (key->kind == kList)
    list(*key, stop);
  else if (key->kind == kLog)
    follow(*key, stop);
  else
    visit(*key, stop);
  return true;
}

void Operator::visit(ObjectKey const& key, std::stop_token const& stop) {
  ObjectPtr const before = parts_.store.get(key);
  auto const reconciler = reconcilers_.find(key.kind);
  if (!before || reconciler == reconcilers_.end()) {
    wake_dependents(key);
    queue_.done(key, parts_.clock().steady());
    return;
  }
  if (key.kind == "TrainingRun")
    for (auto const& [workspace, scope] : parts_.scopes.all())
      if (workspace.ns == key.ns) scope->want_jobs();
  bool const could_be_used = is_open(key);
  SteadyTime const began = parts_.clock().steady();
  Outcome outcome = Outcome::backoff();
  try {
    outcome = reconciler->second->reconcile(
        before, {.stop = stop, .deadline = parts_.clock().steady() + kPassDeadline});
  } catch (std::exception const& error) {  // a broken program: counted, told, tried again slowly
    tell_bug(key, error);
    outcome = Outcome::after(std::chrono::minutes(10));
  }
  bool const failed = outcome.next == Outcome::Next::Backoff;
  SteadyTime const now = parts_.clock().steady();
  passes(key.kind, failed ? "error" : "success").add();
  if (failed) failed_passes(key.kind).add();
  pass_time(key.kind).observe(std::chrono::duration<double>(now - began).count());
  switch (outcome.next) {
    case Outcome::Next::Rest:
      break;
    case Outcome::Next::After:
      queue_.add(key, now + outcome.delay);
      break;
    case Outcome::Next::Soon:
      queue_.add(key, now);
      break;
    case Outcome::Next::Backoff:
      break;
  }
  ObjectPtr const after = parts_.store.get(key);
  if (after) fleet_.tell(*before, *after);
  if (!after || tells_more(*before, *after)) wake_dependents(key);
  // After a restart its status may be as it was; those that wait for it are told all the same.
  if (!could_be_used && is_open(key)) wake_users_of(key, *parts_.scopes.find(key)->view(), {}, true);
  if (failed)
    queue_.done_failed(key, now);
  else
    queue_.done(key, now);
}

bool Operator::has_runs(std::string const& ns) const {
  std::vector<ObjectPtr> const runs = parts_.store.list("TrainingRun");
  return std::any_of(runs.begin(), runs.end(), [&](ObjectPtr const& run) { return run->key.ns == ns; });
}

bool Operator::is_open(ObjectKey const& key) const {
  std::shared_ptr<azure::AzureScope> const scope =
      key.kind == "Workspace" ? parts_.scopes.find(key) : nullptr;
  return scope && scope->workspace();
}

void Operator::list(ObjectKey const& key, std::stop_token const& stop) {
  ObjectKey const workspace{"Workspace", key.ns, key.name};
  try {
    if (std::shared_ptr<azure::AzureScope> const scope = parts_.scopes.find(workspace))
      list_scope(workspace, *scope, stop);
  } catch (std::exception const& error) {
    tell_bug(key, error);  // its next list is due as ever
  }
  queue_.done(key, parts_.clock().steady());
}

void Operator::follow(ObjectKey const& key, std::stop_token const& stop) {
  ObjectPtr const run = parts_.store.get({"TrainingRun", key.ns, key.name});
  std::optional<Duration> next;
  try {
    SteadyTime const deadline = parts_.clock().steady() + std::chrono::minutes(1);
    if (run) next = reconcilers::follow_log(parts_, *run, {.stop = stop, .deadline = deadline});
  } catch (std::exception const& error) {
    tell_bug(key, error);  // whoever follows asks again
  }
  SteadyTime const now = parts_.clock().steady();
  if (next) queue_.add(key, now + *next);
  queue_.done(key, now);
}

void Operator::list_scope(ObjectKey const& workspace, azure::AzureScope& scope, std::stop_token const& stop) {
  auto const before = scope.view();
  std::vector<std::string> const changed = scope.list_now(
      has_runs(workspace.ns), {.stop = stop, .deadline = parts_.clock().steady() + std::chrono::minutes(2)});
  auto const after = scope.view();
  bool const first =
      (!before->computes_listed && after->computes_listed) || (!before->jobs_listed && after->jobs_listed);
  bool const health = (before->missed_lists >= 3) != (after->missed_lists >= 3);
  if (health) add_now(workspace);
  wake_users_of(workspace, *after, changed, first || health);
}

void Operator::tell_bug(ObjectKey const& key, std::exception const& error) {
  parts_.azure.log.error(
      "a pass failed by a bug",
      {{"controller", key.kind}, {"namespace", key.ns}, {"name", key.name}, {"error", error.what()}});
}

void Operator::wake_users_of(ObjectKey const& workspace, azure::AzureView const& view,
                             std::vector<std::string> const& changed, bool all) {
  if (changed.empty() && !all) return;
  std::set<std::string> const names(changed.begin(), changed.end());
  for (ObjectPtr const& target : parts_.store.list("ComputeTarget")) {
    if (target->key.ns != workspace.ns || target->spec.text("workspace") != workspace.name) continue;
    if (all || names.contains("compute/" + reconcilers::compute_name_of(target->spec, target->key.name)))
      add_now(target->key);
  }
  std::set<std::string> owners;  // of jobs that changed: an attempt that was superseded is its run's too
  for (auto const& [name, job] : view.jobs)
    if (names.contains("job/" + name)) owners.insert(reconcilers::owner_of(*job));
  for (ObjectPtr const& run : parts_.store.list("TrainingRun")) {
    if (run->key.ns != workspace.ns) continue;
    bool mine = all || names.contains("job/" + run->status.text("runName")) ||
                owners.contains(reconcilers::owner_mark(parts_.cluster, run->key));
    for (Json const& doubt : run->status.at("doubts").items())
      mine = mine || names.contains("job/" + doubt.text("name"));
    if (mine) add_now(run->key);
  }
}

void Operator::wake_dependents(ObjectKey const& key) {
  auto const of_namespace = [&](std::string_view kind, auto const& wanted) {
    for (ObjectPtr const& object : parts_.store.list(kind))
      if (object->key.ns == key.ns && wanted(*object)) add_now(object->key);
  };
  if (key.kind == "Workspace") {
    of_namespace("ComputeTarget",
                 [&](StoredObject const& target) { return target.spec.text("workspace") == key.name; });
  } else if (key.kind == "ComputeTarget") {
    of_namespace("TrainingRun",
                 [&](StoredObject const& run) { return reconcilers::uses_target(run, key.name); });
    of_namespace("Workspace", [](StoredObject const& workspace) { return workspace.deleted_at.has_value(); });
  } else if (key.kind == "TrainingRun") {
    of_namespace("ComputeTarget", [](StoredObject const& target) { return target.deleted_at.has_value(); });
    of_namespace("Workspace", [](StoredObject const& workspace) { return workspace.deleted_at.has_value(); });
  }
}

void Operator::run(int workers, std::stop_token const& stop, std::stop_token const& hurry) {
  std::vector<std::jthread> pool;
  for (int i = 0; i < workers; ++i)
    pool.emplace_back([this, &stop, &hurry] {
      while (!stop.stop_requested()) {
        std::uint64_t const seen = queue_.changes();
        if (!step(hurry)) queue_.wait(seen, next_due(), stop);
      }
    });
}  // joins the workers

bool Operator::quiet() {
  std::lock_guard lock(pump_);
  take_changes();
  enqueue_due_lists();
  return queue_.quiet(parts_.clock().steady());
}

Standing Operator::standing() const {
  Standing standing;
  for (std::string_view const kind : kKinds)
    for (ObjectPtr const& object : parts_.store.list(kind)) {
      bool const told =
          object->status.at("observedGeneration").integer_or(0) == object->generation && !object->deleted_at;
      if (told && status_of(*object, manifests::kReady) == manifests::ConditionStatus::True)
        ++standing.ready;
      else if (told && status_of(*object, manifests::kStalled) == manifests::ConditionStatus::True)
        ++standing.stalled;
      else
        ++standing.moving;
    }
  return standing;
}

}  // namespace trainyard::manager
