#include "tests/azsim/jobs_state.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/jobs_outputs.hpp"
#include "tests/azsim/jobs_start.hpp"

namespace trainyard::azsim {

std::string Job::compute() const {
  std::string const id = properties.text("computeId");
  return lower(id).find("/computes/") == std::string::npos ? "" : last_segment(id);
}

std::string first_status(Json const& properties) {
  std::string const type = properties.text("jobType");
  if (type == "Command") return is_local(properties) ? "NotStarted" : "Starting";
  if (type == "Sweep") return "Running";
  if (type == "Pipeline") return "Preparing";
  return "NotStarted";
}

bool JobClockwork::runs_processes(Job const& job) const {
  return shared_.executor != nullptr && job.type() == "Command" && !is_local(job.properties);
}

void JobClockwork::begin(Workspace const& workspace, Job& job) {
  if (!is_local(job.properties)) job.taken_up = job.created;
  if (job.type() == "Sweep") job.started = job.created;
  ask_for_nodes(workspace, job);
}

void JobClockwork::ask_for_nodes(Workspace const& workspace, Job const& job) {
  bool const needs_nodes = job.type() == "Command" && !job.compute().empty();
  if (needs_nodes)
    shared_.computes->request_nodes(
        workspace, job.compute(), id_of(workspace, job),
        static_cast<int>(job.properties.at({"resources", "instanceCount"}).integer_or(1)));
}

void JobClockwork::step(Workspace const& workspace, Job& job, WallTime now) {
  if (job.terminal()) return;
  if (job.executing) return poll(workspace, job, now);
  if (job.canceled_at) {
    if (WallTime const over = *job.canceled_at + shared_.options.queue / 2; now >= over)
      end(workspace, job, "Canceled", over);
    return;
  }
  if (job.started) return step_running(workspace, job, now);
  if (job.taken_up) step_waiting(workspace, job, now);
}

void JobClockwork::step_waiting(Workspace const& workspace, Job& job, WallTime now) {
  bool granted = true;
  if (job.type() == "Command" && !job.compute().empty()) {
    Computes::State const compute = shared_.computes->state(workspace, job.compute());
    if (compute == Computes::State::Absent || compute == Computes::State::Deleting)
      return fail(workspace, job, "UserError", "The compute target '" + job.compute() + "' was deleted.",
                  now);
    if (compute == Computes::State::Failed)
      return fail(workspace, job, "UserError",
                  "The compute target '" + job.compute() + "' is not usable: its provisioning failed.", now);
    granted = shared_.computes->granted(id_of(workspace, job));
  }
  WallTime const ready = *job.taken_up + shared_.options.queue;
  if (granted && now >= ready) return start(workspace, job, now);
  if (job.type() != "Command" || now < *job.taken_up + shared_.options.queue / 2) return;
  job.status = "Queued";
  Json& tags = job.properties["tags"];
  tags["_aml_system_ComputeTargetStatus"] =
      R"({"AllocationState":"steady","PreparingNodeCount":0,"RunningNodeCount":0,"CurrentNodeCount":0})";
}

void JobClockwork::start(Workspace const& workspace, Job& job, WallTime now) {
  job.started = now;
  job.status = "Running";
  if (!runs_processes(job)) {
    write_log(workspace, job, "azsim runs no process for this job; it ends by the clock\n");
    return;
  }
  Result<JobStart> const what = job_start(shared_, workspace, job.name, job.properties);
  if (!what) return fail(workspace, job, "UserError", what.error().message, now);
  shared_.executor->start(*what);
  job.executing = true;
  poll(workspace, job, now);
}

void JobClockwork::step_running(Workspace const& workspace, Job& job, WallTime now) {
  Duration const takes = shared_.options.run;
  if (now >= *job.started + takes) end(workspace, job, "Completed", *job.started + takes);
}

void JobClockwork::poll(Workspace const& workspace, Job& job, WallTime now) {
  JobProgress const progress = shared_.executor->progress(job.name);
  write_log(workspace, job, progress.log);
  if (!progress.exit_code) {
    Result<Duration> const limit = parse_iso_duration(job.properties.text({"limits", "timeout"}));
    if (limit && !job.canceled_at && now >= *job.started + *limit)
      cancel(job, "The run took longer than its timeout of " + job.properties.text({"limits", "timeout"}),
             now);
    return;
  }
  job.executing = false;
  for (JobFile const& file : progress.outputs)
    shared_.blobs->put(workspace.storage_account, workspace.artifact_container(),
                       artifact_prefix(job.name) + "/outputs/" + file.path, file.content);
  for (auto const& [output, files] : progress.named_outputs)
    keep_output(shared_, workspace, job.name, job.properties, output, files);
  if (job.canceled_at) return end(workspace, job, "Canceled", now);
  if (*progress.exit_code == 0) return end(workspace, job, "Completed", now);
  fail_by_script(workspace, job, *progress.exit_code, now);
}

void JobClockwork::write_log(Workspace const& workspace, Job& job, std::string text) {
  std::string const path = artifact_prefix(job.name) + "/user_logs/std_log.txt";
  bool const there =
      shared_.blobs->get(workspace.storage_account, workspace.artifact_container(), path).has_value();
  if (there && text == job.log) return;
  job.log = std::move(text);
  shared_.blobs->put(workspace.storage_account, workspace.artifact_container(), path, job.log);
}

void JobClockwork::cancel(Job& job, std::string reason, WallTime now) {
  if (job.terminal() || job.canceled_at) return;
  job.canceled_at = now;
  job.status = "CancelRequested";
  job.cancelation_reason = std::move(reason);
  if (job.executing) shared_.executor->cancel(job.name);
}

void JobClockwork::preempt(Workspace const& workspace, Job& job, WallTime now) {
  check(!job.executing && job.started.has_value() && !job.terminal(),
        "a job that is preempted runs by the clock");
  shared_.computes->release_nodes(id_of(workspace, job));
  ask_for_nodes(workspace, job);
  job.started.reset();
  job.taken_up = now;
  job.status = "Queued";
}

void JobClockwork::end(Workspace const& workspace, Job& job, std::string const& status, WallTime when) {
  if (job.executing) shared_.executor->cancel(job.name);
  job.executing = false;
  job.status = status;
  job.ended = when;
  if (status == "Completed" && job.type() == "Command" && !is_local(job.properties))
    job.outputs = register_outputs(shared_, workspace, job.name, job.properties);
  shared_.computes->release_nodes(id_of(workspace, job));
}

void JobClockwork::fail(Workspace const& workspace, Job& job, std::string const& code,
                        std::string const& message, WallTime when) {
  Json const inner = Json::object({{"code", code},
                                   {"severity", nullptr},
                                   {"message", message},
                                   {"messageFormat", "{Message}"},
                                   {"messageParameters", Json::object({{"Message", message}})},
                                   {"referenceCode", nullptr},
                                   {"detailsUri", nullptr},
                                   {"target", nullptr},
                                   {"details", Json::array()},
                                   {"innerError", nullptr},
                                   {"debugInfo", nullptr},
                                   {"additionalInfo", nullptr}});
  job.error =
      Json::object({{"error", inner},
                    {"correlation", Json::object({{"operation", hex(sha256(shared_.guid())).substr(0, 32)},
                                                  {"request", hex(sha256(shared_.guid())).substr(0, 16)}})},
                    {"environment", workspace.location},
                    {"location", workspace.location},
                    {"time", seven_digits(when)},
                    {"componentName", "Execution"}});
  end(workspace, job, "Failed", when);
}

void JobClockwork::fail_by_script(Workspace const& workspace, Job& job, int exit_code, WallTime when) {
  std::string const command = job.properties.text("command");
  fail(workspace, job, "UserError",
       "Execution failed. User process '" + command.substr(0, command.find(' ')) +
           "' exited with status code " + std::to_string(exit_code) +
           ". Please check log file 'user_logs/std_log.txt' for more details.",
       when);
}

}  // namespace trainyard::azsim
