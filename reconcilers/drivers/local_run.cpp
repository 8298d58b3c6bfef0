#include "reconcilers/drivers/local_run.hpp"

namespace trainyard::reconcilers {

namespace {

RunSeen seen_of(std::string const& name, LocalRun const& run) {
  RunSeen seen{.name = name,
               .owner = run.owner,
               .holder = run.holder,
               .revision = run.revision,
               .reason = run.cancel_reason,
               .exit_code = run.exit_code,
               .submitted_at = run.submitted_at.empty() ? run.started_at : run.submitted_at,
               .started_at = run.started_at,
               .ended_at = run.ended_at,
               .metrics = run.metrics,
               .log_tail = run.log_tail,
               .link = run.log_path};
  switch (run.state) {
    case LocalRun::State::Running:
      seen.state = run.cancel_reason.empty() ? RunSeen::State::Live : RunSeen::State::Canceling;
      seen.status = "Running";
      seen.queued = run.started_at.empty();
      seen.why_queued = run.why;
      break;
    case LocalRun::State::Interrupted:
      seen.state = run.cancel_reason.empty() ? RunSeen::State::Failed : RunSeen::State::Canceled;
      seen.status = "Interrupted";
      seen.failure_class = "Platform";
      seen.failure_message =
          "the run was interrupted and left no result (the machine was switched off, or the process killed); "
          "set the annotation trainyard.dev/restarted-at to run it again, or spec.retry.limit to have that "
          "done "
          "by itself";
      break;
    case LocalRun::State::Ended:
      if (run.exit_code == 0) {
        seen.state = RunSeen::State::Completed;
        seen.status = "Completed";
      } else if (!run.cancel_reason.empty()) {
        seen.state = RunSeen::State::Canceled;
        seen.status = "Canceled";
      } else {
        seen.state = RunSeen::State::Failed;
        seen.status = "Failed";
        seen.failure_class = "UserCode";
        int const code = run.exit_code.value_or(-1);
        seen.failure_message = run.started_at.empty() ? "the script could not be started"
                               : code > 128 ? "the script was ended by signal " + std::to_string(code - 128)
                                            : "the script exited with code " + std::to_string(code);
        if (!run.why.empty()) seen.failure_message += " (" + run.why + ")";
      }
      break;
  }
  return seen;
}

}  // namespace

Result<std::optional<RunSeen>> LocalRunDriver::get(std::string const& name, WallTime& began,
                                                   Context const& context) {
  began = clock_.wall();
  Result<std::optional<LocalRun>> const run = runner_.find(ns_, name, context);
  if (!run) return run.error();
  if (!run->has_value()) return std::optional<RunSeen>{};
  return std::optional<RunSeen>{seen_of(name, **run)};
}

Result<PreparedRun> LocalRunDriver::prepare(RunRequest const&, Context const&) { return PreparedRun{}; }

Result<RunSeen> LocalRunDriver::submit(RunRequest const& request, PreparedRun const&,
                                       Context const& context) {
  LocalStart const start{
      .name = request.name,
      .owner = request.owner,
      .revision = request.revision,
      .holder = request.holder,
      .run = request.run,
      .uid = request.uid,
      .experiment = request.experiment,
      .source = request.source,
      .source_digest = request.source_digest,
      .image = request.spec.docker_image,
      .script_file = request.spec.script_file,
      .arguments = request.spec.arguments,
      .interpreter = request.spec.interpreter_path.empty() ? "python3" : request.spec.interpreter_path,
      .variables = request.spec.variables};
  Result<Done> const started = runner_.start(start, context);
  // A name already claimed is an earlier self of this very attempt, or somebody else's: the owner tells, on
  // the next look.
  if (!started && started.error().kind != ErrorKind::Conflict) return started.error();
  WallTime began{};
  Result<std::optional<RunSeen>> const seen = get(request.name, began, context);
  if (!seen) return seen.error();
  if (!seen->has_value())
    return Error{.kind = ErrorKind::Transient,
                 .reason = "StartNotSeen",
                 .message = "the run was started but is not there yet",
                 .maybe_applied = true};
  return **seen;
}

Result<Done> LocalRunDriver::write_reason(std::string const& name, std::string const& reason,
                                          Context const& context) {
  return runner_.cancel(ns_, name, reason,
                        context);  // one step here: the reason is on disk before the signal
}

Result<Done> LocalRunDriver::cancel(std::string const&, Context const&) { return Done{}; }

Result<Done> LocalRunDriver::add_details(RunSeen&, Context const&) { return Done{}; }

Result<std::optional<RunListing>> LocalRunDriver::listing(std::string const& owner, Context const& context) {
  RunListing listing{.complete = true, .settled = true};  // the folder is the truth, not a copy of it
  Result<std::vector<std::string>> const names = runner_.list(ns_, owner, context);
  if (!names) return names.error();
  for (std::string const& name : *names) {
    WallTime began{};
    Result<std::optional<RunSeen>> const seen = get(name, began, context);
    if (!seen) return seen.error();
    if (!seen->has_value()) continue;
    listing.items.push_back({.name = name,
                             .revision = (*seen)->revision,
                             .place = "local",
                             .live = (*seen)->live(),
                             .failed = (*seen)->counts_as_failure(),
                             .holder = (*seen)->holder});
  }
  return std::optional<RunListing>{std::move(listing)};
}

}  // namespace trainyard::reconcilers
