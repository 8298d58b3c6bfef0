#include "reconcilers/training_run/follow.hpp"

#include "controller/base/time_text.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/training_run/places.hpp"
#include "reconcilers/training_run/present.hpp"
#include "reconcilers/training_run/target.hpp"

namespace trainyard::reconcilers {

namespace {

constexpr Duration kClocksApart = std::chrono::minutes(5);

/// Reads on, unless all was read. Nothing after a blip: it is tried again before it is told.
std::optional<KeptLog> read_on(Parts const& parts, StoredObject const& run, KeptLog log,
                               Context const& context) {
  log.answered = run.annotation(kFollowLogs);
  if (log.complete) return log;
  log.problem.clear();
  manifests::TrainingRunStatus const status = manifests::training_run_status_from_json(run.status);
  bool const ended = !is_live(status);  // seen before the log is read: what comes is all
  Result<std::unique_ptr<RunDriver>> const at = RunPlaces(parts, run.key, status).driver(status.run_place);
  Result<azure::LogPart> const part =
      at ? (*at)->log(log.run, {.from = log.read, .most = kMostLog, .ended = ended}, context)
         : Result<azure::LogPart>(at.error());
  if (part) {
    add(log, *part);
    log.complete = ended;
  } else if (is_blip(part.error())) {
    return std::nullopt;
  } else {
    log.problem = parts.azure.scrubber.scrub(part.error().message);
  }
  return log;
}

}  // namespace

bool is_followed(StoredObject const& run, WallTime now) {
  if (run.status.text("runPlace") == kLocalPlace) return false;
  Result<WallTime> const asked = parse_rfc3339(run.annotation(kFollowLogs));
  return asked && now - *asked < kFollowFresh && *asked - now < kClocksApart;
}

std::optional<Duration> follow_log(Parts const& parts, StoredObject const& run, Context const& context) {
  if (!is_followed(run, parts.clock().wall())) return std::nullopt;
  std::string const name = run.status.text("runName");
  if (name.empty()) return kFollowPace;  // it waits for its target, say
  Result<RunLogs::Found> const found = parts.logs->find(run, context);
  Result<Done> kept = found ? Result<Done>(Done{}) : found.error();
  bool complete = false;
  if (found) {
    std::optional<KeptLog> const log =
        read_on(parts, run, found->log.run == name ? found->log : KeptLog{.run = name}, context);
    complete = log && log->complete;
    if (log && !(*log == found->log)) kept = parts.logs->keep(run, *log, found->version, context);
  }
  if (!kept)
    parts.azure.log.warning(
        "a run's log is followed and could not be kept",
        {{"namespace", run.key.ns}, {"name", run.key.name}, {"error", kept.error().message}});
  return kept && complete ? std::nullopt : std::optional(kFollowPace);
}

void add(KeptLog& log, azure::LogPart const& part) {
  log.read = part.next;
  if (part.skipped > 0) {  // what went before them is of no use beside a gap
    log.offset += log.text.size() + part.skipped;
    log.text.clear();
  }
  log.text += part.text;
  if (log.text.size() <= kMostLog) return;
  std::size_t const line_end = log.text.find('\n', log.text.size() - kMostLog - 1);
  std::size_t const left_out = line_end == std::string::npos ? log.text.size() : line_end + 1;
  log.offset += left_out;
  log.text.erase(0, left_out);
}

}  // namespace trainyard::reconcilers
