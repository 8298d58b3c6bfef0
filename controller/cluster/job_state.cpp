#include "controller/cluster/job_state.hpp"

#include <algorithm>
#include <charconv>

#include "controller/cluster/job_manifest.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::LocalRun;

/// "running" or "terminated" of the script's container; null if it is not in that state.
Json const& script_state(Json const& pod, std::string_view state) {
  static Json const kNone;
  for (Json const& container : pod.at({"status", "containerStatuses"}).items())
    if (container.text("name") == kContainer) return container.at({"state", state});
  return kNone;
}

bool may_run(Json const& pod) {
  std::string const phase = pod.text({"status", "phase"});
  return phase != "Succeeded" && phase != "Failed";
}

std::optional<int> recorded_exit_code(Json const& job) {
  std::string const text = job.at({"metadata", "annotations"}).text(kExitCode);
  int code = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() ? std::optional(code)
                                                                                   : std::nullopt;
}

std::string or_else(std::string text, std::string other) { return text.empty() ? other : text; }

}  // namespace

Json const& true_condition(Json const& object, std::string_view type) {
  static Json const kNone;
  for (Json const& condition : object.at({"status", "conditions"}).items())
    if (condition.text("type") == type && condition.text("status") == "True") return condition;
  return kNone;
}

bool is_finished(Json const& job) {
  return !true_condition(job, "Complete").is_null() || !true_condition(job, "Failed").is_null();
}

std::string pod_selector(Json const& job) {
  std::string selector;
  for (auto const& [name, value] : job.at({"spec", "selector", "matchLabels"}).members())
    selector += (selector.empty() ? "" : ",") + name + "=" + value.string_or("");
  return selector;
}

Json const& last_pod(Json const& pods) {
  static Json const kNone;
  Json::Array const& all = pods.items();
  auto const last = std::max_element(all.begin(), all.end(), [](Json const& a, Json const& b) {
    return a.text({"metadata", "creationTimestamp"}) < b.text({"metadata", "creationTimestamp"});
  });
  return last == all.end() ? kNone : *last;
}

std::optional<int> exit_code_of(Json const& pod) {
  Json const& code = script_state(pod, "terminated").at("exitCode");
  bool const taken_away = !true_condition(pod, "DisruptionTarget").is_null();
  if (!code.is_integer() || taken_away) return std::nullopt;
  return static_cast<int>(code.integer_or(0));
}

LocalRun run_of(Json const& job, Json const& pods) {
  Json const& meta = job.at("metadata");
  LocalRun run{
      .owner = meta.at("labels").text(kOwnerLabel),
      .revision = meta.at("annotations").text(kRevision),
      .holder = meta.at("annotations").text(kHolder),
      .cancel_reason = meta.at("annotations").text(kCancelReason),
      .log_path = "kubectl logs --namespace " + meta.text("namespace") + " job/" + meta.text("name")};
  Json const& pod = last_pod(pods);
  Json const& terminated = script_state(pod, "terminated");
  run.started_at = or_else(terminated.text("startedAt"), script_state(pod, "running").text("startedAt"));
  Json const& complete = true_condition(job, "Complete");
  Json const& failed = true_condition(job, "Failed");
  Json const& suspended = true_condition(job, "Suspended");
  if (!complete.is_null() || !failed.is_null()) {
    run.exit_code = !complete.is_null() ? 0 : recorded_exit_code(job);
    if (!run.exit_code) run.exit_code = exit_code_of(pod);
    run.state = run.exit_code ? LocalRun::State::Ended : LocalRun::State::Interrupted;
    run.started_at = or_else(run.started_at, job.text({"status", "startTime"}));
    run.ended_at = or_else(terminated.text("finishedAt"),
                           (complete.is_null() ? failed : complete).text("lastTransitionTime"));
  } else if (!run.cancel_reason.empty() && !suspended.is_null() &&
             std::none_of(pods.items().begin(), pods.items().end(), may_run)) {
    // Once it is said to be suspended no pod comes any more; one that was there has its time to end.
    run.state = LocalRun::State::Ended;
    run.exit_code = exit_code_of(pod);
    run.ended_at = suspended.text("lastTransitionTime");
  }
  return run;
}

}  // namespace trainyard::cluster
