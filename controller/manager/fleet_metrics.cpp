#include "controller/manager/fleet_metrics.hpp"

#include <algorithm>
#include <array>

#include "controller/base/time_text.hpp"
#include "manifests/compute_target.hpp"
#include "reconcilers/compute_target/capabilities.hpp"
#include "reconcilers/conditions.hpp"

namespace trainyard::manager {

namespace {

constexpr std::array<std::string_view, 4> kStates{"Ready", "Reconciling", "Stalled", "Deleting"};
constexpr std::array<std::string_view, 9> kPhases{
    "Pending", "Preparing", "Queued", "Running", "Canceling", "Completed", "Failed", "Canceled", "Suspended"};
constexpr std::array<std::string_view, 3> kOutcomes{"Completed", "Failed", "Canceled"};
constexpr std::array<std::string_view, 6> kNodeStates{"preparing", "running", "idle",
                                                      "unusable",  "leaving", "preempted"};
// From a second to days: what runs wait and take.
std::vector<double> const kRunSeconds{1,    5,        15,        60,        300,      900,
                                      3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600};

Gauge& targets(Metrics& metrics, std::string_view type, std::string_view state) {
  return metrics.gauge("trainyard_compute_targets", "compute targets by type and state",
                       {{"type", std::string(type)}, {"state", std::string(state)}});
}
Gauge& nodes(Metrics& metrics, std::string_view state) {
  return metrics.gauge("trainyard_compute_nodes", "nodes of all clusters by state",
                       {{"state", std::string(state)}});
}
Gauge& drifted(Metrics& metrics) {
  return metrics.gauge("trainyard_compute_targets_drifted",
                       "compute targets that Azure shows otherwise than declared");
}
Gauge& runs(Metrics& metrics, std::string_view phase) {
  return metrics.gauge("trainyard_training_runs", "training runs by phase", {{"phase", std::string(phase)}});
}
Counter& ended(Metrics& metrics, std::string_view outcome) {
  return metrics.counter("trainyard_training_runs_ended_total",
                         "attempts of training runs that ended, by outcome",
                         {{"outcome", std::string(outcome)}});
}
Histogram& queue_time(Metrics& metrics) {
  return metrics.histogram("trainyard_training_run_queue_seconds",
                           "from the submission of an attempt to its start", {}, kRunSeconds);
}
Histogram& run_time(Metrics& metrics) {
  return metrics.histogram("trainyard_training_run_seconds", "from the start of an attempt to its end", {},
                           kRunSeconds);
}
Gauge& list_age(Metrics& metrics) {
  return metrics.gauge(
      "trainyard_azure_list_age_seconds",
      "age of the oldest of all workspaces' last lists of computes that succeeded; 0 without workspaces");
}

std::string_view type_of(Json const& spec) {
  for (reconcilers::Capabilities const& row : reconcilers::capability_table())
    if (spec.find(row.block) != nullptr) return row.block;
  return "";
}

bool is_true(manifests::Conditions const& conditions, std::string_view type) {
  manifests::Condition const* const found = find_condition(conditions, type);
  return found != nullptr && found->status == manifests::ConditionStatus::True;
}

std::string_view state_of(StoredObject const& object) {
  if (object.deleted_at) return "Deleting";
  manifests::Conditions const conditions = manifests::conditions_from_json(object.status.at("conditions"));
  if (is_true(conditions, manifests::kReady)) return "Ready";
  return is_true(conditions, manifests::kStalled) ? "Stalled" : "Reconciling";
}

void observe_between(Histogram& histogram, Json const& status, std::string_view from, std::string_view to) {
  Result<WallTime> const began = parse_rfc3339(status.text(from)), end = parse_rfc3339(status.text(to));
  if (began && end && *end >= *began) histogram.observe(std::chrono::duration<double>(*end - *began).count());
}

}  // namespace

FleetMetrics::FleetMetrics(reconcilers::Parts const& parts) : parts_(parts) {
  for (std::string_view const outcome : kOutcomes) ended(parts_.azure.metrics, outcome);
  queue_time(parts_.azure.metrics);
  run_time(parts_.azure.metrics);
  refresh();
}

void FleetMetrics::refresh() const {
  count_targets();
  count_runs();
  tell_lists();
}

void FleetMetrics::count_targets() const {
  std::map<std::pair<std::string_view, std::string_view>, double> by_state;
  std::map<std::string_view, double> by_node_state;
  double drifting = 0;
  for (ObjectPtr const& target : parts_.store.list("ComputeTarget")) {
    ++by_state[{type_of(target->spec), state_of(*target)}];
    for (std::string_view const state : kNodeStates)
      by_node_state[state] += static_cast<double>(target->status.at({"nodes", state}).integer_or(0));
    drifting += target->status.at("drift").items().empty() ? 0 : 1;
  }
  for (reconcilers::Capabilities const& row : reconcilers::capability_table())
    for (std::string_view const state : kStates)
      targets(parts_.azure.metrics, row.block, state).set(by_state[{row.block, state}]);
  for (std::string_view const state : kNodeStates)
    nodes(parts_.azure.metrics, state).set(by_node_state[state]);
  drifted(parts_.azure.metrics).set(drifting);
}

void FleetMetrics::count_runs() const {
  std::map<std::string, double, std::less<>> by_phase;
  for (ObjectPtr const& run : parts_.store.list("TrainingRun")) {
    std::string const phase = run->status.text("phase");
    ++by_phase[phase.empty() ? "Pending" : phase];
  }
  for (std::string_view const phase : kPhases) {
    auto const found = by_phase.find(phase);
    runs(parts_.azure.metrics, phase).set(found == by_phase.end() ? 0 : found->second);
  }
}

void FleetMetrics::tell_lists() const {
  WallTime const now = parts_.clock().wall();
  Duration oldest{0};
  for (auto const& [workspace, scope] : parts_.scopes.all())
    if (std::optional<WallTime> const listed = scope->view()->computes_listed)
      oldest = std::max(oldest, now - *listed);
  list_age(parts_.azure.metrics).set(std::chrono::duration<double>(oldest).count());
}

void FleetMetrics::tell(StoredObject const& before, StoredObject const& after) const {
  if (after.key.kind != "TrainingRun") return;
  std::string const phase = after.status.text("phase");
  bool const same =
      before.status.text("phase") == phase && before.status.text("runName") == after.status.text("runName");
  if (same || std::find(kOutcomes.begin(), kOutcomes.end(), phase) == kOutcomes.end()) return;
  ended(parts_.azure.metrics, phase).add();
  observe_between(queue_time(parts_.azure.metrics), after.status, "submittedAt", "startedAt");
  observe_between(run_time(parts_.azure.metrics), after.status, "startedAt", "endedAt");
}

}  // namespace trainyard::manager
