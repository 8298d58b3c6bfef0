// Run history, the metric service and the artifacts of runs: the data plane beside MLflow.
// Source: sheet 3, section 7.
#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/mlflow.hpp"

namespace trainyard::azsim {
namespace {

Json milliseconds_text(std::optional<std::int64_t> const& time) {
  return time ? Json(seven_digits(WallTime(Duration(*time)))) : Json();
}

/// "00:04:42.2060726"
std::string duration_text(std::int64_t milliseconds) {
  using namespace std::chrono;
  hh_mm_ss const parts{Duration(milliseconds)};
  auto const two = [](auto number) {
    std::string const text = std::to_string(number);
    return text.size() < 2 ? "0" + text : text;
  };
  std::string const fraction = std::to_string(parts.subseconds().count());
  return two(parts.hours().count()) + ":" + two(parts.minutes().count()) + ":" +
         two(parts.seconds().count()) + "." +
         std::string(3 - std::min<std::size_t>(3, fraction.size()), '0') + fraction + "0000";
}

/// The words of run history for a run that is no job.
std::string history_status(std::string const& status) {
  if (status == "FINISHED") return "Completed";
  if (status == "FAILED") return "Failed";
  if (status == "KILLED") return "Canceled";
  return status == "RUNNING" ? "Running" : "NotStarted";
}

class RunHistory final : public Service {
 public:
  explicit RunHistory(Shared& shared) : shared_(shared), store_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    std::string const ws(kWorkspacePattern), history = "/history/v1.0" + ws, run = history + "/runs/{run}",
                                             of_experiment = history + "/experiments/{experiment}/runs";
    operations.push_back({.name = "discovery.get",
                          .method = "GET",
                          .pattern = "/discovery",
                          .door = Operation::Door::Open,
                          .handler = [this](Call const&) { return discovery(); }});
    auto const add = [&](char const* act, char const* method, std::string const& pattern,
                         HttpResponse (RunHistory::*serve)(Call const&, Run&)) {
      operations.push_back({.name = std::string("runs.") + act,
                            .method = method,
                            .pattern = pattern,
                            .door = Operation::Door::DataPlane,
                            .handler = [this, serve](Call const& call) { return about_run(call, serve); }});
    };
    add("get", "GET", run, &RunHistory::get);
    add("get", "GET", of_experiment + "/{run}", &RunHistory::get);
    add("details", "GET", run + "/details", &RunHistory::details);
    add("details", "GET", of_experiment + "/{run}/details", &RunHistory::details);
    add("children", "GET", run + "/children", &RunHistory::children);
    add("patch", "PATCH", run, &RunHistory::patch);
    add("patch", "PATCH", of_experiment + "/{run}", &RunHistory::patch);
    add("data", "POST", history + "/rundata", &RunHistory::data);
    // By an experiment's id; azureml-mlflow writes the same id where others have the name.
    for (char const* by : {"/experimentids/", "/experiments/"}) {
      std::string const artifacts = history + by + "{experiment}/runs/{run}/artifacts";
      add("write_artifacts", "POST", artifacts + "/batch/metadata", &RunHistory::write_artifacts);
      add("list_artifacts", "GET", artifacts, &RunHistory::list_artifacts);
      add("artifact", "GET", artifacts + "/contentinfo", &RunHistory::artifact);
    }
    add("token", "GET", history + "/experimentids/{experiment}/runs/{run}/token", &RunHistory::token);
    add("metrics", "POST", "/metric/v2.0" + ws + "/runs/{run}/list", &RunHistory::metric_names);
    add("metric", "POST", "/metric/v2.0" + ws + "/runs/{run}/full", &RunHistory::metric);
    operations.push_back({.name = "runs.query",
                          .method = "POST",
                          .pattern = of_experiment + ":query",
                          .door = Operation::Door::DataPlane,
                          .handler = [this](Call const& call) { return query(call); }});
    add_mlflow_tracking(shared_, store_, operations);
    add_mlflow_registry(shared_, operations);
  }

  [[nodiscard]] Json snapshot() const override { return store_.snapshot(); }
  Result<Done> restore(Json const& state) override { return store_.restore(state); }

 private:
  HttpResponse about_run(Call const& call, HttpResponse (RunHistory::*serve)(Call const&, Run&)) {
    auto const in_path = call.names.find("run");
    std::string const id = in_path == call.names.end() ? call.body.text("runId") : in_path->second;
    Run* const run = store_.find_run(shared_.workspace(call), id);
    if (run == nullptr)
      return ml_error(shared_, call,
                      {.status = 404,
                       .message = "Run " + id + " was not found.",
                       .inner = {"NotFoundError"},
                       .component = "run-history"});
    return (this->*serve)(call, *run);
  }

  HttpResponse discovery() {
    Json services = Json::object();
    for (char const* name : {"api", "history", "experimentation", "hyperdrive", "pipelines",
                             "modelmanagement", "metric", "mlflow", "rundata", "studio"})
      services[name] = data_plane_url(shared_.options);
    return json_reply(200, services);
  }

  [[nodiscard]] Json show(Workspace const& workspace, Run const& run) {
    Json const job = run.is_job ? shared_.jobs->show(workspace, run.id) : Json();
    Json const& properties = job.at("properties");
    Json const history = run.is_job ? shared_.jobs->history(workspace, run.id) : Json();
    Json const started = run.is_job ? history.at("startTimeUtc") : milliseconds_text(run.start_time);
    std::int64_t const until = run.end_time.value_or(shared_.now().time_since_epoch().count());
    Json params = Json::object();
    for (auto const& [name, value] : run.params) params[name] = value;
    std::string const compute = last_segment(properties.text("computeId"));
    Json const target = compute.empty() ? Json() : Json(compute);
    Json const created = run.is_job ? job.at({"systemData", "createdAt"}) : milliseconds_text(run.start_time);
    Experiment const* const experiment = store_.find_experiment(workspace, run.experiment);
    bool const pipeline = properties.text("jobType") == "Pipeline";
    return Json::object(
        {{"runNumber", run.start_time / 1000},
         {"rootRunId", run.id},
         {"runId", run.id},
         {"runUuid", run.id},
         {"parentRunId", nullptr},
         {"parentRunUuid", nullptr},
         {"experimentId", run.experiment},
         {"experimentName", experiment == nullptr ? "" : experiment->name},
         {"status", run.is_job ? properties.at("status") : Json(history_status(run.status))},
         {"createdUtc", created},
         {"startTimeUtc", started},
         {"endTimeUtc", run.is_job ? history.at("endTimeUtc") : milliseconds_text(run.end_time)},
         {"duration", started.is_null() ? Json() : Json(duration_text(until - run.start_time))},
         {"error", history.at("error")},
         {"warnings", nullptr},
         {"cancelationReason", history.at("cancelationReason")},
         {"queueingInfo", nullptr},
         {"displayName", run.name},
         {"name", run.name},
         {"description", properties.at("description")},
         {"hidden", properties.at("isArchived").bool_or(false)},
         {"dataContainerId", "dcid." + run.id},
         {"runType", pipeline ? "azureml.PipelineRun" : "azureml.scriptrun"},
         {"runTypeV2", Json::object({{"orchestrator", pipeline ? "azureml.PipelineRun" : "Execution"},
                                     {"traits", Json::array()}})},
         {"tags", run.tags},
         {"properties", run.is_job ? properties.at("properties") : Json::object()},
         {"parameters", std::move(params)},
         {"target", target},
         {"compute", target.is_null() ? Json() : Json::object({{"target", target}})},
         {"inputs", Json::object()},
         {"outputs", history.at("outputs").is_object() ? history.at("outputs") : Json::object()},
         {"currentAttemptId", 1}});
  }

  HttpResponse get(Call const& call, Run& run) { return json_reply(200, show(shared_.workspace(call), run)); }

  HttpResponse details(Call const& call, Run& run) {
    Workspace const& workspace = shared_.workspace(call);
    Json shown = show(workspace, run), logs = Json::object();
    std::string const root = artifact_prefix(run.id) + "/";
    for (char const* folder : {"azureml-logs/", "logs/", "system_logs/", "user_logs/"})
      for (std::string const& blob :
           shared_.blobs->list(workspace.storage_account, workspace.artifact_container(), root + folder))
        logs[blob.substr(root.size())] =
            shared_.blobs->signed_url(workspace.storage_account, workspace.artifact_container(), blob, "r");
    Json created = shown.at("createdUtc");  // a copy: a new member may move the others
    shown["createdTimeUtc"] = std::move(created);
    shown["logFiles"] = std::move(logs);
    shown["jobCost"] = Json::object({{"chargedCpuCoreSeconds", nullptr},
                                     {"chargedCpuMemoryMegabyteSeconds", nullptr},
                                     {"chargedGpuSeconds", nullptr},
                                     {"chargedNodeUtilizationSeconds", nullptr}});
    shown["runDefinition"] = nullptr;
    return json_reply(200, shown);
  }

  HttpResponse children(Call const&, Run&) {
    return json_reply(200, Json::object({{"value", Json::array()}}));
  }

  HttpResponse data(Call const& call, Run& run) {
    return json_reply(200, Json::object({{"runMetadata", show(shared_.workspace(call), run)},
                                         {"runDefinition", nullptr},
                                         {"jobSpecification", nullptr},
                                         {"systemSettings", nullptr}}));
  }

  HttpResponse query(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Experiment const* const experiment = store_.find_experiment_by_name(workspace, call.name("experiment"));
    Json list = Json::array();
    for (Run const* run : store_.runs(workspace))
      if (experiment != nullptr && run->experiment == experiment->id) list.push_back(show(workspace, *run));
    return json_reply(200, Json::object({{"value", std::move(list)}, {"continuationToken", nullptr}}));
  }

  HttpResponse patch(Call const& call, Run& run) {
    Workspace const& workspace = shared_.workspace(call);
    for (auto const& [name, value] : call.body.at("tags").members())
      store_.set_tag(workspace, run, name, value.string_or(""));
    if (run.is_job) {
      Json changes = Json::object({{"properties", call.body.at("properties")}});
      for (char const* field : {"displayName", "description"})
        if (Json const* const value = call.body.find(field)) changes[field] = *value;
      if (Json const* const hidden = call.body.find("hidden")) changes["isArchived"] = *hidden;
      shared_.jobs->change(workspace, run.id, changes);
    } else if (std::string const name = call.body.text("displayName"); !name.empty()) {
      run.name = name;
    }
    return get(call, *store_.find_run(workspace, run.id));
  }

  HttpResponse write_artifacts(Call const& call, Run& run) {
    Workspace const& workspace = shared_.workspace(call);
    Json places = Json::object();
    for (Json const& item : call.body.at("paths").items())
      places[item.text("path")] = content_info(workspace, run, item.text("path"), "rcw");
    return json_reply(200, Json::object({{"artifacts", Json::object()},
                                         {"artifactContentInformation", std::move(places)},
                                         {"errors", Json::object()}}));
  }
  HttpResponse list_artifacts(Call const& call, Run& run) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const root = artifact_prefix(run.id) + "/";
    Json list = Json::array();
    for (std::string const& blob :
         shared_.blobs->list(workspace.storage_account, workspace.artifact_container(),
                             root + call.url.parameter("path").value_or("")))
      list.push_back(artifact_json(run, blob.substr(root.size())));
    return json_reply(200, Json::object({{"value", std::move(list)}, {"continuationToken", nullptr}}));
  }
  HttpResponse artifact(Call const& call, Run& run) {
    std::string const path = call.url.parameter("path").value_or("");
    return json_reply(200, content_info(shared_.workspace(call), run, path, "r"));
  }

  [[nodiscard]] static Json artifact_json(Run const& run, std::string const& path) {
    return Json::object({{"origin", "ExperimentRun"}, {"container", "dcid." + run.id}, {"path", path}});
  }
  [[nodiscard]] Json content_info(Workspace const& workspace, Run const& run, std::string const& path,
                                  std::string_view permissions) {
    Json info = artifact_json(run, path);
    info["contentUri"] = shared_.blobs->signed_url(workspace.storage_account, workspace.artifact_container(),
                                                   artifact_prefix(run.id) + "/" + path, permissions);
    return info;
  }

  HttpResponse token(Call const&, Run&) {
    constexpr Duration kLife = std::chrono::hours(24);
    return json_reply(200, Json::object({{"token", issue_token(shared_, shared_.options.base_url, kLife)},
                                         {"expiryTimeUtc", seven_digits(shared_.now() + kLife)}}));
  }

  HttpResponse metric_names(Call const&, Run& run) {
    Json list = Json::array();
    for (auto const& [name, points] : run.metrics)
      list.push_back(Json::object({{"name", name}, {"columns", Json::object({{name, "Double"}})}}));
    return json_reply(200, Json::object({{"value", std::move(list)}, {"continuationToken", nullptr}}));
  }
  HttpResponse metric(Call const& call, Run& run) {
    std::string const name = call.body.text("metricName");
    Json list = Json::array();
    if (auto const found = run.metrics.find(name); found != run.metrics.end())
      for (MetricPoint const& point : found->second)
        list.push_back(Json::object({{"metricId", run.id + "/" + name},
                                     {"createdUtc", milliseconds_text(point.timestamp)},
                                     {"step", point.step},
                                     {"data", Json::object({{name, point.value}})}}));
    return json_reply(200,
                      Json::object({{"name", name},
                                    {"columns", Json::object({{name, "Double"}})},
                                    {"properties", Json::object({{"uxMetricType", "azureml.v1.scalar"}})},
                                    {"value", std::move(list)},
                                    {"continuationToken", nullptr}}));
  }

  Shared& shared_;
  MlflowStore store_;
};

}  // namespace

std::unique_ptr<Service> make_run_history(Shared& shared) { return std::make_unique<RunHistory>(shared); }

}  // namespace trainyard::azsim
