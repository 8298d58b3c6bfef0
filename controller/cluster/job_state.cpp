#include "controller/cluster/job_state.hpp"

#include <algorithm>
#include <charconv>

#include "controller/cluster/job_manifest.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::LocalRun;

/// "waiting", "running" or "terminated" of the script's container; null if it is not in that state.
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

/// The part of it after the last `mark`; all of it without one.
std::string after(std::string const& text, std::string_view mark) {
  std::size_t const at = text.rfind(mark);
  return at == std::string::npos ? text : text.substr(at + mark.size());
}

std::string words(std::string const& reason, std::string const& message) {
  return message.empty() ? reason : reason + ": " + message;
}

/// In the same words as long as it waits for the same: a kubelet pulls, and rests from pulling, in turn.
std::string why_it_waits(Json const& pod) {
  Json const& waiting = script_state(pod, "waiting");
  std::string const reason = waiting.text("reason");
  if (reason == "ErrImagePull" || reason == "ImagePullBackOff")
    return words("ImagePullBackOff", after(waiting.text("message"), ": ErrImagePull: "));
  bool const usual = reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing";
  if (!usual) return words(reason, waiting.text("message"));
  for (Json const& condition : pod.at({"status", "conditions"}).items())
    if (condition.text("type") == "PodScheduled" && condition.text("status") == "False")
      return words(condition.text("reason"), condition.text("message"));
  return "";
}

std::string why_it_does_not_run(Json const& job, Json const& pods) {
  std::string const name = job.text({"metadata", "name"});
  if (job.at({"spec", "suspend"}).bool_or(false)) return "its Job " + name + " is suspended";
  if (!pods.items().empty()) return why_it_waits(last_pod(pods));
  return "its Job has no pod yet; kubectl describe job " + name + " --namespace " +
         job.text({"metadata", "namespace"}) + " tells more";
}

/// "OOMKilled", or why there was no container; an exit code alone says the rest.
std::string why_it_ended(Json const& terminated) {
  std::string const reason = terminated.text("reason");
  return reason == "Error" || reason == "Completed" ? "" : words(reason, terminated.text("message"));
}

/// Of a container that could not be made: its start is in the year 1970.
bool never_began(Json const& state) { return state.text("startedAt").starts_with("1970"); }

std::string start_of(Json const& state) { return never_began(state) ? "" : state.text("startedAt"); }

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
      .submitted_at = meta.text("creationTimestamp"),
      .log_path = "kubectl logs --namespace " + meta.text("namespace") + " job/" + meta.text("name")};
  Json const& pod = last_pod(pods);
  Json const& terminated = script_state(pod, "terminated");
  run.started_at = or_else(start_of(terminated), start_of(script_state(pod, "running")));
  Json const& complete = true_condition(job, "Complete");
  Json const& failed = true_condition(job, "Failed");
  Json const& suspended = true_condition(job, "Suspended");
  if (!complete.is_null() || !failed.is_null()) {
    run.exit_code = !complete.is_null() ? 0 : recorded_exit_code(job);
    if (!run.exit_code) run.exit_code = exit_code_of(pod);
    run.state = run.exit_code ? LocalRun::State::Ended : LocalRun::State::Interrupted;
    if (!never_began(terminated)) run.started_at = or_else(run.started_at, job.text({"status", "startTime"}));
    run.ended_at = or_else(terminated.text("finishedAt"),
                           (complete.is_null() ? failed : complete).text("lastTransitionTime"));
    run.why = why_it_ended(terminated);
  } else if (!run.cancel_reason.empty() && !suspended.is_null() &&
             std::none_of(pods.items().begin(), pods.items().end(), may_run)) {
    // Once it is said to be suspended no pod comes any more; one that was there has its time to end.
    run.state = LocalRun::State::Ended;
    run.exit_code = exit_code_of(pod);
    run.ended_at = suspended.text("lastTransitionTime");
  } else if (run.started_at.empty() && run.cancel_reason.empty()) {
    run.why = why_it_does_not_run(job, pods);
  }
  return run;
}

}  // namespace trainyard::cluster
