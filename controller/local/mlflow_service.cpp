// Source: MLflow's REST API, version 2.0.
#include "controller/local/mlflow_service.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>

namespace trainyard::local {

namespace {

constexpr std::string_view kBase = "/api/2.0/mlflow/";
constexpr std::size_t kMostNames = 1000;  // of metrics, of parameters, of tags
constexpr std::size_t kLongestName = 250, kLongestValue = 6000;
constexpr std::int64_t kMostHistory = std::int64_t{64} << 20U;

Error invalid(std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = "INVALID_PARAMETER_VALUE", .message = std::move(message)};
}
Error not_found(std::string message) {
  return {.kind = ErrorKind::NotFound, .reason = "RESOURCE_DOES_NOT_EXIST", .message = std::move(message)};
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return 400;
    case ErrorKind::Unauthorized:
      return 401;
    case ErrorKind::NotFound:
      return 404;
    default:
      return 500;
  }
}

HttpResponse respond(Result<Json> const& answer) {
  HttpResponse response{.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = {}};
  if (answer) {
    response.body = answer->dump();
    return response;
  }
  response.status = status_of(answer.error().kind);
  response.body =
      Json::object({{"error_code", answer.error().reason}, {"message", answer.error().message}}).dump();
  return response;
}

/// Takes as long whatever differs.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

Result<Done> check_name(std::string const& name) {
  if (!name.empty() && name.size() <= kLongestName) return Done{};
  return invalid("a key must have from 1 to " + std::to_string(kLongestName) + " characters");
}

bool is_metric_value(Json const& value) {
  if (value.is_number()) return true;
  std::string const word = value.string_or("");
  return word == "NaN" || word == "Infinity" || word == "-Infinity";
}

Json key_values(std::map<std::string, std::string> const& values) {
  Json list = Json::array();
  for (auto const& [key, value] : values) list.push_back(Json::object({{"key", key}, {"value", value}}));
  return list;
}

Json named_values(std::map<std::string, std::string> const& values) {
  Json members = Json::object();
  for (auto const& [key, value] : values) members[key] = value;
  return members;
}

Result<Json> parameters_of(HttpRequest const& request, Url const& url) {
  if (request.method != "GET") return request.body.empty() ? Json::object() : Json::parse(request.body);
  Json query = Json::object();
  for (char const* const name : {"run_id", "run_uuid", "experiment_id", "experiment_name"})
    if (std::optional<std::string> const value = url.parameter(name)) query[name] = *value;
  return query;
}

}  // namespace

HttpResponse MlflowService::answer(HttpRequest const& request) {
  if (!same_secret(find_header(request.headers, "Authorization").value_or(""), "Bearer " + run_.token))
    return respond(Error{.kind = ErrorKind::Unauthorized,
                         .reason = "UNAUTHENTICATED",
                         .message = "the token of MLFLOW_TRACKING_TOKEN is wanted"});
  Result<Url> const url = parse_url(request.url);
  if (!url) return respond(invalid(url.error().message));
  Call const call =
      url->path.starts_with(kBase) ? find_call(std::string_view(url->path).substr(kBase.size())) : nullptr;
  if (call == nullptr)
    return respond(Error{.kind = ErrorKind::NotFound,
                         .reason = "ENDPOINT_NOT_FOUND",
                         .message = "the MLflow service of a local run does not serve " + url->path});
  Result<Json> const parameters = parameters_of(request, *url);
  if (!parameters) return respond(invalid("the body is no JSON: " + parameters.error().message));
  return respond((this->*call)(*parameters));
}

MlflowService::Call MlflowService::find_call(std::string_view name) {
  struct Row {
    std::string_view name;
    Call call;
  };
  static constexpr std::array kCalls{Row{"runs/log-batch", &MlflowService::log_batch},
                                     Row{"runs/log-metric", &MlflowService::log_metric},
                                     Row{"runs/log-parameter", &MlflowService::log_parameter},
                                     Row{"runs/set-tag", &MlflowService::set_tag},
                                     Row{"runs/get", &MlflowService::get_run},
                                     Row{"runs/update", &MlflowService::update_run},
                                     Row{"runs/create", &MlflowService::refuse_create},
                                     Row{"experiments/get", &MlflowService::get_experiment},
                                     Row{"experiments/get-by-name", &MlflowService::get_experiment}};
  for (Row const& row : kCalls)
    if (row.name == name) return row.call;
  return nullptr;
}

/// All of it or nothing, as MLflow has it.
Result<Json> MlflowService::log_batch(Json const& batch) {
  if (Result<Done> const ours = check_run(batch); !ours) return ours.error();
  auto metrics = metrics_;
  auto parameters = parameters_;
  auto tags = tags_;
  std::string history;
  for (Json const& metric : batch.at("metrics").items()) {
    std::string const key = metric.text("key");
    if (Result<Done> const named = check_name(key); !named) return named.error();
    if (!is_metric_value(metric.at("value")))
      return invalid("the value of metric '" + key + "' is no number");
    Metric const fresh{.value = metric.at("value"),
                       .timestamp = metric.at("timestamp").integer_or(0),
                       .step = metric.at("step").integer_or(0)};
    auto const [known, added] = metrics.try_emplace(key, fresh);
    if (!added &&
        std::pair(fresh.step, fresh.timestamp) >= std::pair(known->second.step, known->second.timestamp))
      known->second = fresh;
    history +=
        Json::object(
            {{"key", key}, {"value", fresh.value}, {"timestamp", fresh.timestamp}, {"step", fresh.step}})
            .dump() +
        "\n";
  }
  for (Json const& parameter : batch.at("params").items()) {
    std::string const key = parameter.text("key"), value = parameter.text("value");
    if (Result<Done> const named = check_name(key); !named) return named.error();
    if (value.size() > kLongestValue) return invalid("the value of parameter '" + key + "' is too long");
    auto const [known, added] = parameters.try_emplace(key, value);
    if (!added && known->second != value)
      return invalid("parameter '" + key + "' has the value '" + known->second +
                     "', which cannot be changed");
  }
  for (Json const& tag : batch.at("tags").items()) {
    std::string const key = tag.text("key"), value = tag.text("value");
    if (Result<Done> const named = check_name(key); !named) return named.error();
    if (value.size() > kLongestValue) return invalid("the value of tag '" + key + "' is too long");
    tags[key] = value;
  }
  if (std::max({metrics.size(), parameters.size(), tags.size()}) > kMostNames)
    return invalid("a run keeps at most " + std::to_string(kMostNames) +
                   " metrics, parameters and tags each");
  metrics_.swap(metrics);
  parameters_.swap(parameters);
  tags_.swap(tags);
  if (Result<Done> const kept = keep(history); !kept) return kept.error();
  return Json::object();
}

Result<Json> MlflowService::log_metric(Json const& metric) {
  return log_batch(Json::object({{"run_id", metric.at("run_id")}, {"metrics", Json::array({metric})}}));
}

Result<Json> MlflowService::log_parameter(Json const& parameter) {
  return log_batch(Json::object({{"run_id", parameter.at("run_id")}, {"params", Json::array({parameter})}}));
}

Result<Json> MlflowService::set_tag(Json const& tag) {
  return log_batch(Json::object({{"run_id", tag.at("run_id")}, {"tags", Json::array({tag})}}));
}

Result<Json> MlflowService::get_run(Json const& query) {
  if (Result<Done> const ours = check_run(query); !ours) return ours.error();
  Json metrics = Json::array();
  for (auto const& [key, metric] : metrics_)
    metrics.push_back(Json::object(
        {{"key", key}, {"value", metric.value}, {"timestamp", metric.timestamp}, {"step", metric.step}}));
  Json const data =
      Json::object({{"metrics", metrics}, {"params", key_values(parameters_)}, {"tags", key_values(tags_)}});
  return Json::object({{"run", Json::object({{"info", info()}, {"data", data}})}});
}

/// How the run ends is seen from its process: what it says of itself is taken politely and not kept, as Azure
/// does.
Result<Json> MlflowService::update_run(Json const& change) {
  if (Result<Done> const ours = check_run(change); !ours) return ours.error();
  return Json::object({{"run_info", info()}});
}

Result<Json> MlflowService::get_experiment(Json const& query) {
  std::string const id = query.text("experiment_id"), name = query.text("experiment_name");
  if (id != kExperimentId && name != run_.experiment)
    return not_found("a local run knows its own experiment only, '" + run_.experiment + "'");
  return Json::object(
      {{"experiment", Json::object({{"experiment_id", kExperimentId},
                                    {"name", run_.experiment},
                                    {"artifact_location", "file://" + run_.artifacts.string()},
                                    {"lifecycle_stage", "active"}})}});
}

Result<Json> MlflowService::refuse_create(Json const&) {
  return invalid("a local run cannot make further runs; log to the run of MLFLOW_RUN_ID");
}

Result<Done> MlflowService::check_run(Json const& query) const {
  std::string const id = query.text("run_id").empty() ? query.text("run_uuid") : query.text("run_id");
  if (id == run_.id) return Done{};
  return not_found("there is no run '" + id + "' here; this service is that of " + run_.id);
}

Result<Done> MlflowService::keep(std::string const& new_history) {
  if (!new_history.empty() &&
      history_bytes_ + static_cast<std::int64_t>(new_history.size()) <= kMostHistory) {
    Fd const file(::open(run_.history.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file) return file_error(errno, "writing", run_.history);
    if (Result<Done> const written = write_all(file, new_history, run_.history); !written)
      return written.error();
    history_bytes_ += static_cast<std::int64_t>(new_history.size());
  }
  Json metrics = Json::object();
  for (auto const& [key, metric] : metrics_)
    metrics[key] =
        Json::object({{"value", metric.value}, {"timestamp", metric.timestamp}, {"step", metric.step}});
  Json const values = Json::object(
      {{"metrics", metrics}, {"params", named_values(parameters_)}, {"tags", named_values(tags_)}});
  return replace_file(run_.last_values, values.dump(), Durable::No);
}

Json MlflowService::info() const {
  return Json::object({{"run_id", run_.id},
                       {"run_uuid", run_.id},
                       {"run_name", run_.id},
                       {"experiment_id", kExperimentId},
                       {"status", "RUNNING"},
                       {"start_time", run_.started_at},
                       {"artifact_uri", "file://" + run_.artifacts.string()},
                       {"lifecycle_stage", "active"}});
}

}  // namespace trainyard::local
