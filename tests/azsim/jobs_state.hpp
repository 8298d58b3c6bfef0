// One job on its way: by the clock, or by what the executor says.
#pragma once

#include <optional>
#include <string>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

struct Job {
  std::string workspace;  // its guid
  std::string name, status;
  Json properties;  // as job_properties() made them
  WallTime created{};
  std::optional<WallTime> taken_up;  // nothing: a local run that its machine has not begun
  std::optional<WallTime> started, ended, canceled_at;
  bool executing = false;  // a process of the executor's
  std::string log;
  Json error;  // as run history shows it
  std::string cancelation_reason;
  Json outputs = Json::object();  // as run history shows them: the assets that named outputs have become

  [[nodiscard]] bool terminal() const { return ended.has_value(); }
  [[nodiscard]] std::string type() const { return properties.text("jobType"); }
  /// The compute it waits for; "" if it waits for none.
  [[nodiscard]] std::string compute() const;
};

/// The status with which the PUT is answered.
std::string first_status(Json const& properties);

/// Moves jobs on. What a job leaves behind (log, outputs) goes into the workspace's artifacts.
class JobClockwork {
 public:
  explicit JobClockwork(Shared& shared) : shared_(shared) {}

  void begin(Workspace const& workspace, Job& job);
  void step(Workspace const& workspace, Job& job, WallTime now);
  void cancel(Job& job, std::string reason, WallTime now);
  /// Its low-priority node is taken away: the service puts the job back into its queue, under the same name.
  void preempt(Workspace const& workspace, Job& job, WallTime now);
  void end(Workspace const& workspace, Job& job, std::string const& status, WallTime when);
  /// The error of a script that failed.
  void fail(Workspace const& workspace, Job& job, std::string const& code, std::string const& message,
            WallTime when);
  void fail_by_script(Workspace const& workspace, Job& job, int exit_code, WallTime when);

 private:
  void ask_for_nodes(Workspace const& workspace, Job const& job);
  void step_waiting(Workspace const& workspace, Job& job, WallTime now);
  void step_running(Workspace const& workspace, Job& job, WallTime now);
  void poll(Workspace const& workspace, Job& job, WallTime now);
  void start(Workspace const& workspace, Job& job, WallTime now);
  void write_log(Workspace const& workspace, Job& job, std::string text);
  [[nodiscard]] bool runs_processes(Job const& job) const;
  static std::string id_of(Workspace const& workspace, Job const& job) {
    return workspace.id + "/jobs/" + job.name;
  }

  Shared& shared_;
};

}  // namespace trainyard::azsim
