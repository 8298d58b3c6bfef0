// MLflow's REST API for one run: what it logs is kept in the run's folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controller/base/http_server.hpp"
#include "controller/base/json.hpp"
#include "controller/local/files.hpp"

namespace trainyard::local {

struct MlflowRun {
  std::string id, experiment, token;
  std::int64_t started_at = 0;        // milliseconds since 1970
  std::filesystem::path artifacts;    // where clients put files
  std::filesystem::path last_values;  // metrics, parameters and tags as they stand; replaced with each change
  std::filesystem::path history;      // every metric value, a line of JSON each; kept to 64 MiB
};

/// One thread at a time.
class MlflowService {
 public:
  static constexpr std::string_view kExperimentId = "1";  // the one experiment there is

  explicit MlflowService(MlflowRun run) : run_(std::move(run)) {}
  HttpResponse answer(HttpRequest const& request);

 private:
  struct Metric {
    Json value;  // a number, or NaN and the infinities as texts
    std::int64_t timestamp = 0, step = 0;
  };
  using Call = Result<Json> (MlflowService::*)(Json const&);

  static Call find_call(std::string_view name);
  Result<Json> log_batch(Json const& batch);
  Result<Json> log_metric(Json const& metric);
  Result<Json> log_parameter(Json const& parameter);
  Result<Json> set_tag(Json const& tag);
  Result<Json> get_run(Json const& query);
  Result<Json> update_run(Json const& change);
  Result<Json> get_experiment(Json const& query);
  Result<Json> refuse_create(Json const& what);
  Result<Done> check_run(Json const& query) const;
  Result<Done> keep(std::string const& new_history);
  [[nodiscard]] Json info() const;

  MlflowRun run_;
  std::map<std::string, Metric> metrics_;
  std::map<std::string, std::string> parameters_, tags_;
  std::int64_t history_bytes_ = 0;
};

}  // namespace trainyard::local
