// Experiments and runs as MLflow knows them. A job is a run of the job's name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

struct Experiment {
  std::string id, name;
  std::int64_t created = 0;  // milliseconds, as MLflow counts
  bool deleted = false;
  Json tags = Json::object();
};

struct MetricPoint {
  Json value;  // a number, or "NaN", "Infinity", "-Infinity"
  std::int64_t timestamp = 0, step = 0;
};

struct Run {
  std::string id, experiment, name, status = "RUNNING";
  std::int64_t start_time = 0;
  std::optional<std::int64_t> end_time;
  bool deleted = false;
  bool is_job = false;  // status, times and tags are the job's
  std::map<std::string, std::vector<MetricPoint>> metrics;
  std::map<std::string, std::string> params;
  Json tags = Json::object();
};

class MlflowStore {
 public:
  explicit MlflowStore(Shared& shared) : shared_(shared) {}

  Experiment& experiment(Workspace const& workspace, std::string const& name);  // made if it is not there
  [[nodiscard]] Experiment* find_experiment(Workspace const& workspace, std::string_view id);
  [[nodiscard]] Experiment* find_experiment_by_name(Workspace const& workspace, std::string_view name);
  [[nodiscard]] std::vector<Experiment*> experiments(Workspace const& workspace);

  Run& add_run(Workspace const& workspace, Run run);
  /// Jobs are brought up to date first. Null if there is neither such a run nor such a job.
  [[nodiscard]] Run* find_run(Workspace const& workspace, std::string_view id);
  [[nodiscard]] std::vector<Run*> runs(Workspace const& workspace);
  /// Of a job, it becomes the job's tag too.
  void set_tag(Workspace const& workspace, Run& run, std::string const& name, std::string const& value);

  [[nodiscard]] Json snapshot() const;
  Result<Done> restore(Json const& state);

 private:
  struct Tracked {
    std::map<std::string, Experiment> experiments;  // by id
    std::map<std::string, Run> runs;                // by lower-case id
  };
  void follow_job(Workspace const& workspace, std::string const& name);

  Shared& shared_;
  std::map<std::string, Tracked> tracked_;  // by workspace's guid
};

/// The last point of a metric: the highest step, then the latest time.
MetricPoint const& last_point(std::vector<MetricPoint> const& points);

}  // namespace trainyard::azsim
