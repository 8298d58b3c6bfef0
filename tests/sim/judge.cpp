#include "tests/sim/judge.hpp"

#include "manifests/condition.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/reconciler.hpp"
#include "tests/sim/world.hpp"

namespace trainyard::sim {

namespace {

constexpr std::array<std::string_view, 3> kKinds{"Workspace", "ComputeTarget", "TrainingRun"};

std::string last_segment(std::string const& path) { return path.substr(path.rfind('/') + 1); }

bool is_true(manifests::Conditions const& conditions, std::string_view type) {
  manifests::Condition const* const found = find_condition(conditions, type);
  return found != nullptr && found->status == manifests::ConditionStatus::True;
}

}  // namespace

Judge::Judge(Stage& stage, azsim::AzureSim& azure, SimMachine& machine, std::string workspace)
    : stage_(stage), azure_(azure), machine_(machine), workspace_(std::move(workspace)) {}

void Judge::broken(std::string const& promise) {
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
                 .completed = !live && run.reason.empty()};
  }
  return all;
}

std::set<std::string> Judge::owners() const {
  std::set<std::string> marks;
  if (store_ == nullptr) return marks;
  for (std::string_view const kind : kKinds)
    for (ObjectPtr const& object : store_->list(kind))
      if (object->has_finalizer(reconcilers::kFinalizer))
        marks.insert(reconcilers::owner_mark(kCluster, object->key));
  return marks;
}

/// Promises (a), (b), (c), and that the finalizer comes before the first write.
void Judge::began(std::string const& name, std::string const& owner, std::string const& revision) {
  if (++created_[name] > 1) broken("(a) run " + name + " was created twice");
  for (auto const& [other, run] : runs()) {
    if (other == name || run.owner != owner) continue;
    if (run.live) broken("(b) run " + name + " was created while " + other + " lives");
    if (run.revision == revision && (run.completed || run.failed))
      broken("(c) run " + name + " was created though " + other + " has ended for good");
  }
  if (store_ != nullptr && !owners().contains(owner))
    broken("run " + name + " was created for an object without our finalizer");
}

void Judge::saw_request(azsim::Logged const& logged) {
  if (logged.operation == "jobs.put" && logged.status == 201) {
    std::string const name = last_segment(logged.path);
    Json const ours = azure_.job(workspace_, name).at({"properties", "properties"});
    began(name, ours.text("trainyard-owner"), ours.text("trainyard-revision"));
  }
  if (logged.operation == "computes.put" && logged.status == 201 && store_ != nullptr) {
    Json const made = azure_.compute(workspace_, last_segment(logged.path));
    if (!owners().contains(made.text({"tags", "trainyard-owner"})))
      broken("compute " + last_segment(logged.path) + " was created for an object without our finalizer");
  }
}

void Judge::saw_start(reconcilers::LocalStart const& start) {
  began(start.name, start.owner, start.revision);
}

void Judge::check_objects() {
  for (std::string_view const kind : kKinds)
    for (ObjectPtr const& object : store_->list(kind)) {
      std::string const what = to_string(object->key);
      if (object->status.at("observedGeneration").integer_or(0) > object->generation)
        broken("the status of " + what + " is ahead of its generation");
      manifests::Conditions const conditions =
          manifests::conditions_from_json(object->status.at("conditions"));
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
    if (run.live && !marks.contains(run.owner))
      broken("(e) run " + name + " lives on though its object is gone");
}

void Judge::saw_output(std::string_view text) {
  if (!secret_.empty() && text.find(secret_) != std::string_view::npos)
    broken("a secret was told: " + std::string(text.substr(0, 60)));
}

}  // namespace trainyard::sim
