#include "reconcilers/training_run/present.hpp"

#include "controller/base/text.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::ReadyWhen;
using manifests::TrainingRunStatus;

constexpr std::size_t kMostMetrics = 50;
constexpr int kDigits = 4;  // status.metrics has all of them

std::string phase_of(RunSeen const& seen) {
  switch (seen.state) {
    case RunSeen::State::Completed:
      return "Completed";
    case RunSeen::State::Failed:
      return "Failed";
    case RunSeen::State::Canceled:
      return "Canceled";
    case RunSeen::State::Canceling:
      return "Canceling";
    case RunSeen::State::Live:
      break;
  }
  if (!seen.queued) return "Running";
  return seen.status == "Queued" ? "Queued" : "Preparing";
}

std::string metrics_text(TrainingRunStatus const& status) {
  std::string text;
  for (auto const& [name, value] : status.metrics)
    text += (text.empty() ? "" : ", ") + name + "=" + short_number(value, kDigits);
  return text;
}

}  // namespace

void show_attempt(TrainingRunStatus& status, RunSeen const& seen) {
  status.phase = phase_of(seen);
  status.link = seen.link;
  status.submitted_at = seen.submitted_at;
  status.started_at = seen.started_at;
  status.ended_at = seen.ended_at;
  status.metrics.clear();
  for (auto const& metric : seen.metrics)
    if (status.metrics.size() < kMostMetrics) status.metrics.insert(metric);
  bool const failed = seen.state == RunSeen::State::Failed;
  status.failure_class = failed ? seen.failure_class : "";
  status.failure_message = failed ? seen.failure_message : "";
  status.log_tail = failed ? seen.log_tail : std::vector<std::string>{};
  status.exit_code.reset();
  if (seen.exit_code && !seen.live()) status.exit_code = *seen.exit_code;
}

bool is_live(TrainingRunStatus const& status) {
  return !status.doubts.empty() || status.phase == "Preparing" || status.phase == "Queued" ||
         status.phase == "Running" || status.phase == "Canceling";
}

bool uses_target(StoredObject const& run, std::string_view target) {
  return run.spec.text("computeTarget") == target ||
         run.status.text("compute").ends_with(" " + std::string(target));
}

void show_no_attempt(TrainingRunStatus& status, std::string_view phase) {
  show_attempt(status, RunSeen{});
  status.phase = phase;
}

Verdict verdict_of(TrainingRunStatus const& status, ReadyWhen ready_when) {
  using Kind = Verdict::Kind;
  std::string const& phase = status.phase;
  std::string const name = "run " + status.run_name;
  if (phase == "Completed") {
    std::string const metrics = metrics_text(status);
    return {Kind::Ready, "Completed", name + " completed" + (metrics.empty() ? "" : ": " + metrics)};
  }
  if (phase == "Failed") {
    std::string const last = status.log_tail.empty() ? "" : "; last line: " + status.log_tail.back();
    return {Kind::Stalled, "Failed",
            name + " failed (" + status.failure_class + "): " + status.failure_message + last};
  }
  if (phase == "Canceled") {
    std::string reason = "by somebody else";
    for (manifests::Attempt const& attempt : status.history)
      if (attempt.name == status.run_name && !attempt.reason.empty()) reason = attempt.reason;
    return {Kind::Stalled, "Canceled", name + " was cancelled: " + reason};
  }
  if (phase == "Deleted")
    return {
        Kind::Stalled, "DeletedByHand",
        name + " was deleted in the service; set the annotation trainyard.dev/restarted-at to train again"};
  if (phase == "Suspended") return {Kind::Stalled, "Suspended", "spec.suspend is true"};
  if (phase == "Running" && ready_when != ReadyWhen::Completed)
    return {Kind::Ready, "Running", name + " is running"};
  bool const submitted = phase == "Preparing" || phase == "Queued" || phase == "Running";
  if (submitted && ready_when == ReadyWhen::Submitted)
    return {Kind::Ready, "Submitted", name + " is submitted"};
  if (phase == "Canceling") return {Kind::InProgress, "Canceling", "waiting for the end of a cancelled run"};
  if (phase.empty() || phase == "Pending") return {Kind::InProgress, "Pending", "nothing was submitted yet"};
  return {Kind::InProgress, phase,
          name + " is " +
              (phase == "Running"  ? "running"
               : phase == "Queued" ? "queued"
                                   : "being prepared")};
}

}  // namespace trainyard::reconcilers
