#include "tests/sim/judge.hpp"

#include <algorithm>

#include "manifests/condition.hpp"
#include "manifests/training_run.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/reconciler.hpp"
#include "tests/sim/life.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kSettle = minutes(5);
/// A pass may rest on what it read this long before it writes.
constexpr Duration kPass = seconds(10);
/// Three lists a minute apart may be missed, each after its deadline, and the last may have been fine.
constexpr Duration kFresh = minutes(10);

std::string last_segment(std::string const& path) { return path.substr(path.rfind('/') + 1); }

bool is_true(manifests::Conditions const& conditions, std::string_view type) {
  manifests::Condition const* const found = find_condition(conditions, type);
  return found != nullptr && found->status == manifests::ConditionStatus::True;
}

bool says_ready(StoredObject const& object) {
  return is_true(manifests::conditions_from_json(object.status.at("conditions")), manifests::kReady) &&
         object.status.at("observedGeneration").integer_or(0) == object.generation;
}

/// As its creation left it: a PUT that updates is answered with the same status.
bool is_new(Json const& compute) {
  return compute.text({"properties", "createdOn"}) == compute.text({"properties", "modifiedOn"});
}

bool is_remote_target(StoredObject const& object) {
  return object.key.kind == "ComputeTarget" && object.spec.at("local").is_null();
}

std::string compute_name(StoredObject const& target) {
  std::string const given = target.spec.text("name");
  return given.empty() ? target.key.name : given;
}

}  // namespace

Judge::Judge(Stage& stage, azsim::AzureSim& azure, SimMachine& machine, std::string workspace)
    : stage_(stage), azure_(azure), machine_(machine), workspace_(std::move(workspace)) {}

void Judge::broken(std::string const& promise, std::initializer_list<Excuse> excuses) {
  if (!told_.insert(promise).second) return;
  for (Excuse const& excuse : excuses)
    if (excuse.holds) {
      ++windows_[excuse.window];
      stage_.tell(std::string("WINDOW ") + excuse.window + ": " + promise);
      return;
    }
  stage_.tell("BROKEN: " + promise);
  verdicts_.push_back(promise);
}

std::map<std::string, Judge::RunState> Judge::runs() const {
  std::map<std::string, RunState> all;
  for (std::string const& name : azure_.job_names(workspace_)) {
    Json const job = azure_.job(workspace_, name);
    Json const& ours = job.at({"properties", "properties"});
    std::string const status = job.text({"properties", "status"});
    all[name] = {.owner = ours.text("trainyard-owner"),
                 .revision = ours.text("trainyard-revision"),
                 .reason = ours.text("trainyard-cancel-reason"),
                 .live = status != "Completed" && status != "Failed" && status != "Canceled",
                 .completed = status == "Completed",
                 .failed = status == "Failed"};
  }
  for (auto const& [name, run] : machine_.runs()) {
    bool const live = machine_.live(run);
    all[name] = {.owner = run.what.owner,
                 .revision = run.what.revision,
                 .reason = run.reason,
                 .live = live,
                 .completed = machine_.find(name)->exit_code == 0,
                 .failed = !live && run.reason.empty() && machine_.find(name)->exit_code != 0};
  }
  return all;
}

std::set<std::string> Judge::owners() const {
  std::set<std::string> marks;
  for (ObjectPtr const& object : objects_())
    if (object->has_finalizer(reconcilers::kFinalizer))
      marks.insert(reconcilers::owner_mark(kCluster, object->key));
  return marks;
}

/// How many failed attempts the object with this mark lets follow another; what fails here fails by its
/// script.
std::int64_t Judge::retries_of(std::string const& owner) const {
  for (ObjectPtr const& object : objects_())
    if (object->key.kind == "TrainingRun" && reconcilers::owner_mark(kCluster, object->key) == owner)
      return manifests::training_run_spec_from_json(object->spec).retry_limit;
  return 0;
}

void Judge::store_was_lost() { losses_.push_back(stage_.clock.steady()); }

/// Whether this run may have been in flight, or not yet listed, when the store was lost.
bool Judge::lost_with(std::string const& run) const {
  auto const made = made_.find(run);
  return std::any_of(losses_.begin(), losses_.end(), [&](SteadyTime lost) {
    return made != made_.end() && made->second + kPass >= lost && made->second <= lost + kSettle;
  });
}

/// Promises (a), (b), (c), and that the finalizer comes before the first write.
void Judge::began(std::string const& name, std::string const& owner, std::string const& revision) {
  bool const others = !touched_.empty();
  std::int64_t failures = 0;
  made_[name] = stage_.clock.steady();
  if (++created_[name] > 1)
    broken("(a) run " + name + " was created twice", {{"W3", touched_.contains(name)}});
  for (auto const& [other, run] : runs()) {
    if (other == name || run.owner != owner) continue;
    if (run.live)
      broken("(b) run " + name + " was created while " + other + " lives",
             {{"W1", late_.contains(name) || late_.contains(other)},
              {"W2", lost_with(other)},
              {"W3", others},
              {"W11", two_stores_}});
    if (run.revision == revision && run.failed) ++failures;
    if (run.revision == revision && (run.completed || (run.failed && failures > retries_of(owner))))
      broken("(c) run " + name + " was created though " + other + " has ended for good",
             {{"W3", others}, {"W1", late_.contains(name)}});
  }
  if (!owners().contains(owner))
    broken("run " + name + " was created for an object without our finalizer",
           {{"W1", late_.contains(name)}, {"W2", store_lost()}});
}

/// Promise (f). What the operator holds for the wanted revision is what its status says.
void Judge::job_written(std::string const& name) {
  Json const ours = azure_.job(workspace_, name).at({"properties", "properties"});
  std::string const reason = ours.text("trainyard-cancel-reason");
  std::string const before = std::exchange(reasons_[name], reason);
  if (reason != "Superseded" || !before.empty()) return;
  for (ObjectPtr const& object : objects_()) {
    if (object->deleted_at || object->key.kind != "TrainingRun" ||
        reconcilers::owner_mark(kCluster, object->key) != ours.text("trainyard-owner"))
      continue;
    manifests::TrainingRunStatus const told = manifests::training_run_status_from_json(object->status);
    bool const wanted = told.observed_generation == object->generation &&
                        told.revision == ours.text("trainyard-revision") && told.run_name == name;
    if (wanted) broken("(f) run " + name + " was superseded though it is the wanted one");
  }
}

/// Promise (d).
void Judge::compute_deleted(std::string const& name) {
  Cluster const& cluster = clusters_[name];
  if (cluster.ours) return;
  bool const unheard = std::any_of(unheard_.begin(), unheard_.end(), [&](std::string const& path) {
    return path.ends_with("/computes/" + name);
  });
  broken("(d) compute " + name + " was deleted though no PUT of ours made it",
         {{"W8", late_.contains(name) || stage_.clock.steady() - cluster.made < kPass},
          {"W7", unheard},
          {"W9", store_lost()}});
}

void Judge::saw_request(azsim::Logged const& logged) {
  std::string const name = last_segment(logged.path);
  bool const done = logged.status >= 200 && logged.status < 300;
  bool const made = logged.operation == "computes.put" && done && is_new(azure_.compute(workspace_, name));
  if (made) clusters_[name] = {.ours = !somebody_, .made = stage_.clock.steady()};
  for (auto& [known, cluster] : clusters_)
    if (!azure_.compute(workspace_, known).is_null()) cluster.there = stage_.clock.steady();
  if (somebody_) {
    if (logged.operation == "jobs.cancel")
      touched_.insert(last_segment(logged.path.substr(0, logged.path.rfind('/'))));
    else if (logged.operation == "jobs.delete")
      touched_.insert(name);
    return;
  }
  if (logged.status == 429) broken("a call beyond what the rate limits allow: " + logged.path);
  if (logged.operation == "jobs.put" && logged.status == 201) {
    Json const ours = azure_.job(workspace_, name).at({"properties", "properties"});
    began(name, ours.text("trainyard-owner"), ours.text("trainyard-revision"));
  }
  if (logged.operation == "jobs.put" && done) job_written(name);
  Json const tags = azure_.compute(workspace_, name).at("tags");
  bool const as_new = !tags.text("trainyard-owner").empty() && tags.text("trainyard-created").empty();
  bool const put = logged.operation == "computes.put" && done;
  if (put &&
      std::exchange(clusters_[name].since, tags.text("trainyard-since")) != tags.text("trainyard-since") &&
      !made && as_new)
    broken("(a) compute " + name + " was put as a new one though it is there", {{"W1", late_.contains(name)},
                                                                                {"W6", !clusters_[name].ours},
                                                                                {"W10", store_lost()},
                                                                                {"W11", two_stores_}});
  if (made && !owners().contains(azure_.compute(workspace_, name).text({"tags", "trainyard-owner"})))
    broken("compute " + name + " was created for an object without our finalizer",
           {{"W1", late_.contains(name)}, {"W10", store_lost()}});
  if (logged.operation == "computes.delete" && done) compute_deleted(name);
}

void Judge::saw_start(reconcilers::LocalStart const& start) {
  began(start.name, start.owner, start.revision);
}

void Judge::saw_late_landing(std::string const& path, Duration late) {
  if (late >= kSettle) late_.insert(last_segment(path));
}

void Judge::saw_answer(SteadyTime began, std::string const& method, std::string const& path, int status,
                       Json const& body) {
  std::size_t const at = path.find("/computes");
  if (at == std::string::npos || method == "DELETE") return;
  auto const saw = [&](std::string const& name, std::string const& state) {
    SteadyTime const now = stage_.clock.steady();
    observed_[name].push_back({.began = began, .heard = now, .usable = state == "Succeeded"});
  };
  std::string const rest = path.substr(at);
  if (rest == "/computes" && status == 200) {
    listed_ = std::max(listed_, began);
    for (Json const& item : body.at("value").items())
      saw(item.text("name"), item.text({"properties", "provisioningState"}));
  } else if (std::count(rest.begin(), rest.end(), '/') == 2 && (status < 300 || status == 404)) {
    saw(last_segment(path), body.text({"properties", "provisioningState"}));
  }
}

void Judge::saw_status(StoredObject const& before, StoredObject const& after) {
  saw_output(after.status.dump());
  if (after.status == before.status)
    broken("the status of " + to_string(after.key) + " was written as it was");
  if (says_ready(after) && !says_ready(before)) check_ready(after);
}

/// Promise (g) for a target; for a run, that it has really completed.
void Judge::check_ready(StoredObject const& after) {
  std::string const what = to_string(after.key);
  if (after.key.kind == "TrainingRun") {
    std::string const name = after.status.text("runName");
    auto const all = runs();
    auto const run = all.find(name);
    if (run == all.end() || !run->second.completed)
      broken(what + " is Ready though its run " + name + " has not completed", {{"W3", !touched_.empty()}});
    return;
  }
  if (!is_remote_target(after)) return;
  SteadyTime const now = stage_.clock.steady();
  std::vector<Observation>& all = observed_[compute_name(after)];
  SteadyTime newest{};  // of those that this pass cannot have missed
  for (Observation const& one : all)
    if (one.heard + kPass <= now) newest = std::max(newest, one.began);
  std::erase_if(all, [&](Observation const& one) { return one.began < newest; });
  bool const rests_on_one = std::any_of(
      all.begin(), all.end(), [&](Observation const& one) { return one.usable && one.began + kFresh > now; });
  SteadyTime const there = clusters_[compute_name(after)].there;
  if (azure_.compute(workspace_, compute_name(after)).is_null() && now > there + kOldestLie + minutes(2))
    broken("(g) " + what + " is Ready though there is no such compute");
  if (!rests_on_one) broken("(g) " + what + " is Ready though what was seen last does not say so");
}

void Judge::check_freshness() {
  SteadyTime const now = stage_.clock.steady();
  if (now - std::max(listed_, began_) < kFresh) return;
  for (ObjectPtr const& object : objects_())
    if (is_remote_target(*object) && says_ready(*object))
      broken(to_string(object->key) + " is Ready though its workspace was not read for " +
             std::to_string(std::chrono::duration_cast<minutes>(now - listed_).count()) + " minutes");
}

void Judge::check_objects() {
  for (ObjectPtr const& object : objects_()) {
    std::string const what = to_string(object->key);
    if (object->status.at("observedGeneration").integer_or(0) > object->generation)
      broken("the status of " + what + " is ahead of its generation");
    manifests::Conditions const conditions = manifests::conditions_from_json(object->status.at("conditions"));
    int const said = static_cast<int>(is_true(conditions, manifests::kReady)) +
                     static_cast<int>(is_true(conditions, manifests::kReconciling)) +
                     static_cast<int>(is_true(conditions, manifests::kStalled));
    if (said > 1) broken(what + " says more than one of Ready, Reconciling and Stalled");
  }
}

/// Promise (e).
void Judge::check_left_behind() {
  std::set<std::string> const marks = owners();
  for (auto const& [name, run] : runs())
    if (run.live && !run.owner.empty() && !marks.contains(run.owner))
      broken("(e) run " + name + " lives on though its object is gone",
             {{"W1", late_.contains(name)}, {"W3", touched_.contains(name)}, {"W10", store_lost()}});
  for (auto const& [name, cluster] : clusters_) {
    Json const compute = azure_.compute(workspace_, name);
    std::string const mark = compute.text({"tags", "trainyard-owner"});
    if (!cluster.ours && !mark.empty() && !marks.contains(mark))
      broken("(e) our mark is left on compute " + name + ", which is not ours",
             {{"W1", late_.contains(name)}, {"W10", store_lost()}});
    if (!cluster.ours) continue;
    if (compute.is_null() || mark.empty() || marks.contains(mark) ||
        compute.text({"properties", "provisioningState"}) == "Deleting")
      continue;
    broken("(e) compute " + name + " is left behind though its object is gone",
           {{"W1", late_.contains(name)}, {"W10", store_lost()}});
  }
}

void Judge::saw_log(std::string_view line) {
  saw_output(line);
  if (line.find("a pass failed by a bug") != std::string_view::npos) broken(std::string(line));
}

void Judge::saw_output(std::string_view text) {
  for (std::string const& secret : secrets_)
    if (text.find(secret) != std::string_view::npos)
      broken("a secret was told: " + std::string(text.substr(0, 60)));
}

}  // namespace trainyard::sim
