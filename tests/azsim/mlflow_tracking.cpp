#include <algorithm>
#include <charconv>
#include <set>

#include "controller/base/encoding.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/mlflow.hpp"
#include "tests/azsim/mlflow_search.hpp"

namespace trainyard::azsim {

HttpResponse mlflow_error(int status, std::string_view code, std::string_view message) {
  return json_reply(status, Json::object({{"error_code", code}, {"message", message}}));
}

void add_mlflow_call(std::vector<Operation>& operations, std::string const& method, std::string const& call,
                     Handler const& handler) {
  std::string name = "mlflow." + call;
  std::replace(name.begin(), name.end(), '/', '.');
  for (char const* version : {"v1.0", "v2.0"})
    operations.push_back({.name = name,
                          .method = method,
                          .pattern = std::string("/mlflow/") + version + std::string(kWorkspacePattern) +
                                     "/api/2.0/mlflow/" + call,
                          .door = Operation::Door::DataPlane,
                          .handler = handler});
}

namespace {

constexpr std::size_t kMostMetrics = 1000, kMostParams = 100, kMostTags = 100;

HttpResponse nothing() { return json_reply(200, Json::object()); }

HttpResponse no_run(std::string const& id) {
  return mlflow_error(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=" + id + " not found");
}
HttpResponse invalid(std::string const& message) {
  return mlflow_error(400, "INVALID_PARAMETER_VALUE", message);
}

/// Of the query for a GET, of the body for the rest.
std::string field(Call const& call, std::string_view name) {
  if (call.request.method == "GET") return call.url.parameter(name).value_or("");
  Json const& value = call.body.at(name);
  return value.is_integer() ? value.dump() : value.string_or("");
}

Json pairs(Json const& map) {
  Json list = Json::array();
  for (auto const& [key, value] : map.members())
    list.push_back(Json::object({{"key", key}, {"value", value}}));
  return list;
}

Json point_json(std::string const& key, MetricPoint const& point) {
  return Json::object(
      {{"key", key}, {"value", point.value}, {"timestamp", point.timestamp}, {"step", point.step}});
}

class Tracking {
 public:
  Tracking(Shared& shared, MlflowStore& store) : shared_(shared), store_(store) {}

  HttpResponse create_experiment(Call const& call) {
    std::string const name = call.body.text("name");
    if (name.empty()) return invalid("Missing value for required parameter 'name'.");
    Workspace const& workspace = shared_.workspace(call);
    if (store_.find_experiment_by_name(workspace, name) != nullptr)
      return mlflow_error(400, "RESOURCE_ALREADY_EXISTS", "Experiment '" + name + "' already exists.");
    Experiment& experiment = store_.experiment(workspace, name);
    for (Json const& tag : call.body.at("tags").items()) experiment.tags[tag.text("key")] = tag.at("value");
    return json_reply(200, Json::object({{"experiment_id", experiment.id}}));
  }

  HttpResponse get_experiment(Call const& call) {
    std::string const id = field(call, "experiment_id"), name = field(call, "experiment_name");
    Workspace const& workspace = shared_.workspace(call);
    Experiment const* const experiment =
        id.empty() ? store_.find_experiment_by_name(workspace, name) : store_.find_experiment(workspace, id);
    if (experiment == nullptr)
      return mlflow_error(
          404, "RESOURCE_DOES_NOT_EXIST",
          "Could not find experiment with " + (id.empty() ? "name '" + name + "'" : "ID " + id));
    return json_reply(200, Json::object({{"experiment", show(workspace, *experiment)}}));
  }

  HttpResponse search_experiments(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Json list = Json::array();
    for (Experiment const* experiment : store_.experiments(workspace))
      if (!experiment->deleted) list.push_back(show(workspace, *experiment));
    return json_reply(200, Json::object({{"experiments", std::move(list)}}));
  }

  HttpResponse set_experiment_tag(Call const& call) {
    Experiment* const experiment =
        store_.find_experiment(shared_.workspace(call), field(call, "experiment_id"));
    if (experiment == nullptr)
      return mlflow_error(404, "RESOURCE_DOES_NOT_EXIST", "Could not find the experiment");
    experiment->tags[call.body.text("key")] = call.body.at("value");
    return nothing();
  }

  /// MLflow 3 looks for these beside a run's artifacts; there are none.
  HttpResponse search_logged_models(Call const&) {
    return json_reply(200, Json::object({{"models", Json::array()}}));
  }

  HttpResponse create_run(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const experiment = field(call, "experiment_id");
    if (store_.find_experiment(workspace, experiment) == nullptr)
      return mlflow_error(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with ID " + experiment);
    Run run{.id = shared_.guid(),
            .experiment = experiment,
            .name = call.body.text("run_name"),
            .start_time = call.body.at("start_time").integer_or(call.now.time_since_epoch().count())};
    for (Json const& tag : call.body.at("tags").items()) run.tags[tag.text("key")] = tag.at("value");
    if (run.name.empty()) run.name = run.tags.text("mlflow.runName");
    if (run.name.empty()) run.name = run.id.substr(0, 8);
    return json_reply(200,
                      Json::object({{"run", show(workspace, store_.add_run(workspace, std::move(run)))}}));
  }

  HttpResponse get_run(Call const& call, Run& run) {
    return json_reply(200, Json::object({{"run", show(shared_.workspace(call), run)}}));
  }

  HttpResponse update_run(Call const& call, Run& run) {
    std::string const status = call.body.text("status"), name = call.body.text("run_name");
    if (run.is_job && !status.empty() && status != run.status)
      return mlflow_error(400, "BAD_REQUEST", "The status of a run that the system manages cannot be set.");
    if (!status.empty()) run.status = status;
    if (!run.is_job && call.body.at("end_time").is_integer())
      run.end_time = call.body.at("end_time").integer_or(0);
    if (!name.empty()) run.name = name;
    if (!name.empty() && run.is_job)
      shared_.jobs->change(shared_.workspace(call), run.id, Json::object({{"displayName", name}}));
    return json_reply(200, Json::object({{"run_info", show(shared_.workspace(call), run).at("info")}}));
  }

  HttpResponse delete_run(Call const&, Run& run) {
    run.deleted = true;
    return nothing();
  }
  HttpResponse restore_run(Call const&, Run& run) {
    run.deleted = false;
    return nothing();
  }
  HttpResponse take_note(Call const&, Run&) { return nothing(); }  // data sets and models of newer clients

  HttpResponse log_metric(Call const& call, Run& run) {
    add_metric(run, call.body);
    return nothing();
  }
  HttpResponse log_parameter(Call const& call, Run& run) {
    return add_params(run, Json::array({call.body})).value_or(nothing());
  }
  HttpResponse set_tag(Call const& call, Run& run) {
    store_.set_tag(shared_.workspace(call), run, call.body.text("key"), call.body.text("value"));
    return nothing();
  }
  HttpResponse delete_tag(Call const& call, Run& run) {
    run.tags.erase(call.body.text("key"));
    return nothing();
  }

  HttpResponse log_batch(Call const& call, Run& run) {
    Json const &metrics = call.body.at("metrics"), &params = call.body.at("params"),
               &tags = call.body.at("tags");
    std::size_t const all = metrics.items().size() + params.items().size() + tags.items().size();
    if (metrics.items().size() > kMostMetrics || params.items().size() > kMostParams ||
        tags.items().size() > kMostTags || all > kMostMetrics)
      return invalid(
          "A batch logging request can contain at most 1000 metrics, 100 params, 100 tags and 1000 in all.");
    if (auto refused = add_params(run, params)) return *refused;
    for (Json const& metric : metrics.items()) add_metric(run, metric);
    for (Json const& tag : tags.items())
      store_.set_tag(shared_.workspace(call), run, tag.text("key"), tag.text("value"));
    return nothing();
  }

  HttpResponse get_history(Call const& call, Run& run) {
    std::string const key = field(call, "metric_key");
    Json list = Json::array();
    if (auto const found = run.metrics.find(key); found != run.metrics.end())
      for (MetricPoint const& point : found->second) list.push_back(point_json(key, point));
    return json_reply(200, Json::object({{"metrics", std::move(list)}}));
  }

  HttpResponse list_artifacts(Call const& call, Run& run) {
    Workspace const& workspace = shared_.workspace(call);
    std::string folder = field(call, "path");
    if (!folder.empty() && !folder.ends_with('/')) folder += '/';
    std::string const root = artifact_prefix(run.id) + "/";
    Json files = Json::array();
    std::set<std::string> folders;
    for (std::string const& blob :
         shared_.blobs->list(workspace.storage_account, workspace.artifact_container(), root + folder)) {
      std::string const path = blob.substr(root.size());
      if (std::size_t const slash = path.find('/', folder.size()); slash != std::string::npos) {
        if (folders.insert(path.substr(0, slash)).second)
          files.push_back(Json::object({{"path", path.substr(0, slash)}, {"is_dir", true}}));
        continue;
      }
      auto const content =
          shared_.blobs->get(workspace.storage_account, workspace.artifact_container(), blob);
      files.push_back(Json::object({{"path", path},
                                    {"is_dir", false},
                                    {"file_size", static_cast<std::int64_t>(content.value_or("").size())}}));
    }
    return json_reply(
        200, Json::object({{"root_uri", artifact_uri(workspace, run)}, {"files", std::move(files)}}));
  }

  HttpResponse search_runs(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::vector<Run*> runs = store_.runs(workspace);
    Json const& experiments = call.body.at("experiment_ids");
    bool const deleted = call.body.text("run_view_type") == "DELETED_ONLY",
               all = call.body.text("run_view_type") == "ALL";
    std::erase_if(runs, [&](Run const* run) {
      bool const asked = std::any_of(experiments.items().begin(), experiments.items().end(),
                                     [&](Json const& id) { return id.string_or("") == run->experiment; });
      return !asked || (!all && run->deleted != deleted);
    });
    Result<std::vector<Run*>> found = filter_runs(std::move(runs), call.body.text("filter"));
    if (!found) return invalid(found.error().message);
    order_runs(*found, call.body.at("order_by"));
    std::string const token = call.body.text("page_token");
    std::size_t first = 0;
    std::from_chars(token.data(), token.data() + token.size(), first);
    auto const most =
        static_cast<std::size_t>(std::max<std::int64_t>(1, call.body.at("max_results").integer_or(1000)));
    Json list = Json::array();
    for (std::size_t i = first; i < found->size() && i < first + most; ++i)
      list.push_back(show(workspace, *(*found)[i]));
    Json body = Json::object({{"runs", std::move(list)}});
    if (first + most < found->size()) body["next_page_token"] = std::to_string(first + most);
    return json_reply(200, body);
  }

  /// A call about one run.
  HttpResponse about_run(Call const& call, HttpResponse (Tracking::*serve)(Call const&, Run&)) {
    std::string id = field(call, "run_id");
    if (id.empty()) id = field(call, "run_uuid");
    Run* const run = store_.find_run(shared_.workspace(call), id);
    return run == nullptr ? no_run(id) : (this->*serve)(call, *run);
  }

 private:
  [[nodiscard]] std::string artifact_uri(Workspace const& workspace, Run const& run) const {
    std::string const base = data_plane_url(shared_.options);
    return "azureml" + base.substr(base.find("://")) + "/mlflow/v2.0" + workspace.id + "/experiments/" +
           run.experiment + "/runs/" + run.id + "/artifacts";
  }
  [[nodiscard]] static Json show(Workspace const&, Experiment const& experiment) {
    return Json::object({{"experiment_id", experiment.id},
                         {"name", experiment.name},
                         {"artifact_location", ""},
                         {"lifecycle_stage", experiment.deleted ? "deleted" : "active"},
                         {"creation_time", experiment.created},
                         {"last_update_time", experiment.created},
                         {"tags", pairs(experiment.tags)}});
  }
  [[nodiscard]] Json show(Workspace const& workspace, Run const& run) const {
    Json metrics = Json::array(), params = Json::array();
    for (auto const& [name, points] : run.metrics) metrics.push_back(point_json(name, last_point(points)));
    for (auto const& [name, value] : run.params)
      params.push_back(Json::object({{"key", name}, {"value", value}}));
    Json tags = run.tags;
    tags["mlflow.runName"] = run.name;
    Json info = Json::object({{"run_uuid", run.id},
                              {"run_id", run.id},
                              {"experiment_id", run.experiment},
                              {"run_name", run.name},
                              {"user_id", shared_.options.client},
                              {"status", run.status},
                              {"start_time", run.start_time},
                              {"artifact_uri", artifact_uri(workspace, run)},
                              {"lifecycle_stage", run.deleted ? "deleted" : "active"}});
    if (run.end_time) info["end_time"] = *run.end_time;
    Json data =
        Json::object({{"metrics", std::move(metrics)}, {"params", std::move(params)}, {"tags", pairs(tags)}});
    return Json::object({{"info", std::move(info)}, {"data", std::move(data)}});
  }
  static void add_metric(Run& run, Json const& metric) {
    run.metrics[metric.text("key")].push_back(
        {metric.at("value"), metric.at("timestamp").integer_or(0), metric.at("step").integer_or(0)});
  }
  /// A parameter is written once. Nothing is written if one is refused.
  static std::optional<HttpResponse> add_params(Run& run, Json const& params) {
    for (Json const& param : params.items())
      if (auto const old = run.params.find(param.text("key"));
          old != run.params.end() && old->second != param.text("value"))
        return invalid("Changing param values is not allowed. Param with key='" + param.text("key") +
                       "' was already logged with value='" + old->second + "' for run ID='" + run.id + "'.");
    for (Json const& param : params.items()) run.params[param.text("key")] = param.text("value");
    return std::nullopt;
  }

  Shared& shared_;
  MlflowStore& store_;
};

}  // namespace

void add_mlflow_tracking(Shared& shared, MlflowStore& store, std::vector<Operation>& operations) {
  auto const tracking = std::make_shared<Tracking>(shared, store);
  auto const add = [&](char const* method, char const* name, HttpResponse (Tracking::*serve)(Call const&)) {
    add_mlflow_call(operations, method, name,
                    [tracking, serve](Call const& call) { return ((*tracking).*serve)(call); });
  };
  auto const add_run = [&](char const* method, char const* name,
                           HttpResponse (Tracking::*serve)(Call const&, Run&)) {
    add_mlflow_call(operations, method, name,
                    [tracking, serve](Call const& call) { return tracking->about_run(call, serve); });
  };
  add("POST", "experiments/create", &Tracking::create_experiment);
  add("GET", "experiments/get", &Tracking::get_experiment);
  add("GET", "experiments/get-by-name", &Tracking::get_experiment);
  add("POST", "experiments/search", &Tracking::search_experiments);
  add("GET", "experiments/search", &Tracking::search_experiments);
  add("GET", "experiments/list", &Tracking::search_experiments);
  add("POST", "experiments/set-experiment-tag", &Tracking::set_experiment_tag);
  add("POST", "logged-models/search", &Tracking::search_logged_models);
  add("POST", "runs/create", &Tracking::create_run);
  add("POST", "runs/search", &Tracking::search_runs);
  add_run("GET", "runs/get", &Tracking::get_run);
  add_run("POST", "runs/update", &Tracking::update_run);
  add_run("POST", "runs/delete", &Tracking::delete_run);
  add_run("POST", "runs/restore", &Tracking::restore_run);
  add_run("POST", "runs/log-metric", &Tracking::log_metric);
  add_run("POST", "runs/log-parameter", &Tracking::log_parameter);
  add_run("POST", "runs/log-batch", &Tracking::log_batch);
  add_run("POST", "runs/log-inputs", &Tracking::take_note);
  add_run("POST", "runs/log-model", &Tracking::take_note);
  add_run("POST", "runs/outputs", &Tracking::take_note);
  add_run("POST", "runs/set-tag", &Tracking::set_tag);
  add_run("POST", "runs/delete-tag", &Tracking::delete_tag);
  add_run("GET", "metrics/get-history", &Tracking::get_history);
  add_run("GET", "artifacts/list", &Tracking::list_artifacts);
}

}  // namespace trainyard::azsim
