#include <algorithm>
#include <csignal>
#include <iostream>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "controller/base/core_files.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/core_options.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/health_server.hpp"
#include "controller/cli/operator_process.hpp"
#include "controller/cli/progress_view.hpp"
#include "controller/cli/stop_signals.hpp"
#include "controller/cli/verdict.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kRedraw = std::chrono::seconds(1);        // ages and progress move by themselves
constexpr Duration kShown = std::chrono::milliseconds(100);  // at least: a look is at every object
constexpr Duration kLookForEnd =
    std::chrono::milliseconds(200);  // with --until-settled: the last pass may write nothing

Result<ProcessOptions> options_of(Parsed const& parsed) {
  Result<CoreOptions> core = core_options_of(parsed);
  if (!core) return core.error();
  return ProcessOptions{.folder = folder_of(parsed), .core = *std::move(core), .prune = parsed.has("prune")};
}

/// When --timeout has passed; max() without it.
Result<SteadyTime> limit_of(Parsed const& parsed, Clock const& clock) {
  if (!parsed.has("timeout")) return SteadyTime::max();
  if (!parsed.has("until-settled"))
    return usage_error("--timeout: it limits --until-settled, which is missing; add it");
  Result<Duration> const timeout = parsed.duration("timeout", {});
  if (!timeout) return timeout.error();
  return clock.steady() + *timeout;
}

std::unique_ptr<ProgressView> view_of(Parsed const& parsed, Clock const& clock) {
  Write const out = [](std::string_view text) { write_to(STDOUT_FILENO, text); };
  Write const err = [](std::string_view text) { write_to(STDERR_FILENO, text); };
  if (parsed.has("plain") || !stdout_is_terminal()) return plain_view(clock, out, err);
  return live_view(terminal_of_stdout, wants_colours(), out, err);
}

std::vector<Row> rows_of(std::vector<ObjectPtr> const& objects, WallTime now) {
  std::vector<Row> rows;
  for (ObjectPtr const& object : objects) rows.push_back(row_of(*object, now));
  return rows;
}

int exit_code(int signal, bool until_settled, bool good) {
  if (signal == SIGINT || (signal != 0 && until_settled)) return kExitInterrupted;
  return signal != 0 || good ? kExitOk : kExitFailed;
}

}  // namespace

int run_folder(Parsed const& parsed) {
  Result<ProcessOptions> options = options_of(parsed);
  if (!options) return fail(options.error());
  SystemClock const clock;
  bool const until_settled = parsed.has("until-settled");
  Result<HealthAddress> const address = parse_address(parsed.get("metrics-address", "127.0.0.1:0"));
  if (!address) return fail(address.error());
  Result<SteadyTime> const limit = limit_of(parsed, clock);
  if (!limit) return fail(limit.error());
  Result<Fd> log_file = Fd();
  if (parsed.has("log-file"))
    log_file = directory::open_file(parsed.get("log-file"), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (!log_file) return fail(log_file.error().while_doing("--log-file"));

  ::mallopt(M_ARENA_MAX, 1);  // passes wait more than they compute: an arena a thread only keeps more memory
  forbid_core_files();
  std::string const certificates = prepare_http_process();
  if (!certificates.empty()) options->ssl_cert_file = certificates;

  SystemRandom random;
  Scrubber scrubber;
  Metrics metrics;
  std::unique_ptr<ProgressView> const view = view_of(parsed, clock);
  Logger const log(clock, scrubber, log_format_of(parsed),
                   log_level_of(parsed, parsed.has("log-file") ? "info" : "warning"),
                   [&](std::string_view line) {
                     if (log_file->get() >= 0)
                       write_to(log_file->get(), std::string(line) + "\n");
                     else
                       view->note(line);
                   });
  StopSignals signals;
  Wakeup changed, shown;
  Result<std::unique_ptr<OperatorProcess>> process = OperatorProcess::open(
      *std::move(options), {.surroundings = {clock, random, log, scrubber, metrics},
                            .changed = [&] { changed.notify(); },
                            .problem = [&](std::string const& text) { view->note("trainyard: " + text); }});
  if (!process) return fail(process.error());
  OperatorProcess& running = **process;

  std::unique_ptr<HttpServer> health;
  if (parsed.has("metrics-address")) {
    Result<std::unique_ptr<HttpServer>> served = serve_health(
        *address,
        [&] {
          running.refresh_metrics();
          return metrics.text();
        },
        [&] { return running.started(); });
    if (!served) return fail(served.error().while_doing("--metrics-address"));
    health = *std::move(served);
    view->note("trainyard: metrics at http://" + address->host + ":" + std::to_string(health->port()) +
               "/metrics");
  }
  if (Result<Done> const started = running.start(); !started) return fail(started.error());
  if (running.objects().empty() && running.problems() == 0)
    view->note("trainyard: " + parsed.get("directory") +
               " declares nothing: there is no manifest (*.yaml, *.yml, *.json) " +
               "with an object of Trainyard's in it" +
               (parsed.has("recursive") ? "" : "; sub-folders are read with --recursive"));

  bool settled = false, moved = true;
  while (!signals.token().stop_requested() && clock.steady() < *limit) {
    settled = until_settled && running.settled();
    view->show(rows_of(running.objects(), clock.wall()));
    if (settled) break;
    shown.wait_until(clock.steady() + kShown, signals.token());
    bool const moves = changed.wait_until(
        std::min(*limit, clock.steady() + (until_settled ? kLookForEnd : kRedraw)), signals.token());
    if (moved && !moves) ::malloc_trim(0);  // what a burst of work leaves free between what stays
    moved = moves;
  }
  view->end(until_settled);
  if (!settled) view->note("trainyard: stopping; passes under way end first, local runs go on");
  running.stop();
  Deeds const deeds{running.activity().azure_writes, running.activity().runs_started};
  Verdict const verdict =
      verdict_of(running.objects(), running.problems(), deeds, settled, folder_flags(parsed), clock.wall());
  if (until_settled) write_to(STDOUT_FILENO, verdict.text);
  return exit_code(signals.signal(), until_settled, verdict.good);
}

}  // namespace trainyard::cli
