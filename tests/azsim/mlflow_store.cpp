#include "tests/azsim/mlflow_store.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"
#include "tests/azsim/jobs_start.hpp"

namespace trainyard::azsim {
namespace {

/// The words of jobs in those of MLflow.
std::string run_status(std::string const& job_status) {
  if (job_status == "Completed") return "FINISHED";
  if (job_status == "Failed") return "FAILED";
  if (job_status == "Canceled") return "KILLED";
  if (job_status == "Running" || job_status == "Finalizing" || job_status == "CancelRequested")
    return "RUNNING";
  return "SCHEDULED";
}

std::optional<std::int64_t> milliseconds(Json const& time) {
  Result<WallTime> const parsed = parse_rfc3339(time.string_or(""));
  if (!parsed) return std::nullopt;
  return parsed->time_since_epoch().count();
}

Json to_json(Run const& run) {
  Json metrics = Json::object(), params = Json::object();
  for (auto const& [name, points] : run.metrics) {
    Json list = Json::array();
    for (MetricPoint const& point : points) {
      Json item = Json::array();
      item.push_back(point.value);
      item.push_back(point.timestamp);
      item.push_back(point.step);
      list.push_back(std::move(item));
    }
    metrics[name] = std::move(list);
  }
  for (auto const& [name, value] : run.params) params[name] = value;
  Json saved = Json::object({{"id", run.id},
                             {"experiment", run.experiment},
                             {"name", run.name},
                             {"status", run.status},
                             {"startTime", run.start_time},
                             {"deleted", run.deleted},
                             {"isJob", run.is_job},
                             {"tags", run.tags}});
  if (run.end_time) saved["endTime"] = *run.end_time;
  saved["metrics"] = std::move(metrics);
  saved["params"] = std::move(params);
  return saved;
}

Run from_json(Json const& state) {
  Run run{.id = state.text("id"),
          .experiment = state.text("experiment"),
          .name = state.text("name"),
          .status = state.text("status"),
          .start_time = state.at("startTime").integer_or(0),
          .end_time = std::nullopt,
          .deleted = state.at("deleted").bool_or(false),
          .is_job = state.at("isJob").bool_or(false),
          .metrics = {},
          .params = {},
          .tags = state.at("tags")};
  if (state.at("endTime").is_integer()) run.end_time = state.at("endTime").integer_or(0);
  for (auto const& [name, points] : state.at("metrics").members())
    for (Json const& point : points.items())
      if (point.items().size() == 3)
        run.metrics[name].push_back(
            {point.items()[0], point.items()[1].integer_or(0), point.items()[2].integer_or(0)});
  for (auto const& [name, value] : state.at("params").members()) run.params[name] = value.string_or("");
  return run;
}

}  // namespace

MetricPoint const& last_point(std::vector<MetricPoint> const& points) {
  return *std::max_element(points.begin(), points.end(), [](MetricPoint const& a, MetricPoint const& b) {
    return std::pair(a.step, a.timestamp) < std::pair(b.step, b.timestamp);
  });
}

Experiment& MlflowStore::experiment(Workspace const& workspace, std::string const& name) {
  std::string const id = experiment_id(workspace, name);
  auto const [at, fresh] = tracked_[workspace.guid].experiments.try_emplace(id);
  if (fresh) {
    at->second.id = id;
    at->second.name = name;
    at->second.created = shared_.now().time_since_epoch().count();
  }
  return at->second;
}

Experiment* MlflowStore::find_experiment(Workspace const& workspace, std::string_view id) {
  for (Experiment* experiment : experiments(workspace))
    if (experiment->id == id) return experiment;
  return nullptr;
}

Experiment* MlflowStore::find_experiment_by_name(Workspace const& workspace, std::string_view name) {
  for (Experiment* experiment : experiments(workspace))
    if (experiment->name == name) return experiment;
  return nullptr;
}

std::vector<Experiment*> MlflowStore::experiments(Workspace const& workspace) {
  for (std::string const& job : shared_.jobs->names(workspace)) follow_job(workspace, job);
  std::vector<Experiment*> all;
  for (auto& [id, experiment] : tracked_[workspace.guid].experiments) all.push_back(&experiment);
  return all;
}

void MlflowStore::follow_job(Workspace const& workspace, std::string const& name) {
  Json const job = shared_.jobs->show(workspace, name);
  if (job.is_null()) return;
  Json const& properties = job.at("properties");
  Json const history = shared_.jobs->history(workspace, name);
  Run& run = tracked_[workspace.guid].runs[lower(name)];
  run.id = job.text("name");
  run.is_job = true;
  run.experiment = experiment(workspace, properties.text("experimentName")).id;
  run.name = properties.text("displayName");
  run.status = run_status(properties.text("status"));
  std::optional<std::int64_t> started = milliseconds(history.at("startTimeUtc"));
  if (!started) started = milliseconds(job.at({"systemData", "createdAt"}));
  run.start_time = started.value_or(0);
  run.end_time = milliseconds(history.at("endTimeUtc"));
  run.tags = properties.at("tags");
}

Run& MlflowStore::add_run(Workspace const& workspace, Run run) {
  std::string const key = lower(run.id);
  return tracked_[workspace.guid].runs[key] = std::move(run);
}

Run* MlflowStore::find_run(Workspace const& workspace, std::string_view id) {
  follow_job(workspace, std::string(id));
  auto& runs = tracked_[workspace.guid].runs;
  auto const found = runs.find(lower(id));
  return found == runs.end() ? nullptr : &found->second;
}

std::vector<Run*> MlflowStore::runs(Workspace const& workspace) {
  for (std::string const& job : shared_.jobs->names(workspace)) follow_job(workspace, job);
  std::vector<Run*> all;
  for (auto& [id, run] : tracked_[workspace.guid].runs) all.push_back(&run);
  return all;
}

void MlflowStore::set_tag(Workspace const& workspace, Run& run, std::string const& name,
                          std::string const& value) {
  run.tags[name] = value;
  if (run.is_job)
    shared_.jobs->change(workspace, run.id, Json::object({{"tags", Json::object({{name, value}})}}));
}

Json MlflowStore::snapshot() const {
  Json saved = Json::object();
  for (auto const& [workspace, tracked] : tracked_) {
    Json experiments = Json::array(), runs = Json::array();
    for (auto const& [id, experiment] : tracked.experiments)
      experiments.push_back(Json::object({{"id", experiment.id},
                                          {"name", experiment.name},
                                          {"created", experiment.created},
                                          {"deleted", experiment.deleted},
                                          {"tags", experiment.tags}}));
    for (auto const& [id, run] : tracked.runs) runs.push_back(to_json(run));
    saved[workspace] = Json::object({{"experiments", std::move(experiments)}, {"runs", std::move(runs)}});
  }
  return saved;
}

Result<Done> MlflowStore::restore(Json const& state) {
  tracked_.clear();
  for (auto const& [workspace, saved] : state.members()) {
    Tracked& tracked = tracked_[workspace];
    for (Json const& item : saved.at("experiments").items())
      tracked.experiments[item.text("id")] = {.id = item.text("id"),
                                              .name = item.text("name"),
                                              .created = item.at("created").integer_or(0),
                                              .deleted = item.at("deleted").bool_or(false),
                                              .tags = item.at("tags")};
    for (Json const& item : saved.at("runs").items()) tracked.runs[lower(item.text("id"))] = from_json(item);
  }
  return Done{};
}

}  // namespace trainyard::azsim
