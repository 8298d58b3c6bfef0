#include <algorithm>
#include <charconv>
#include <csignal>
#include <iostream>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "controller/base/core_files.hpp"
#include "controller/cli/commands.hpp"
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
constexpr int kMostWorkers = 64;

Result<int> workers_of(Parsed const& parsed) {
  std::string const text = parsed.get("workers", "20");
  int workers = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (error != std::errc{} || end != text.data() + text.size() || workers < 1 || workers > kMostWorkers)
    return usage_error("--workers: '" + text + "' is no number from 1 to " + std::to_string(kMostWorkers));
  return workers;
}

Result<ProcessOptions> options_of(Parsed const& parsed) {
  ProcessOptions options{.folder = folder_of(parsed), .core = {.cluster = parsed.get("cluster-name")}};
  if (!parsed.has("directory"))
    return usage_error("--directory is missing: name the folder of manifests, such as --directory manifests");
  if (options.core.cluster.empty())
    return usage_error(
        "--cluster-name is missing: it is part of every mark and run name in Azure, so it has no default. "
        "Choose a name "
        "for this place, such as --cluster-name laptop, and keep it for ever");
  Result<int> const workers = workers_of(parsed);
  if (!workers) return workers.error();
  options.core.workers = *workers;
  options.prune = parsed.has("prune");
  if (parsed.has("clouds")) {
    std::string const file = parsed.get("clouds");
    Result<directory::FileText> const text = directory::read_file(file);
    if (!text) return text.error().while_doing("--clouds");
    if (Result<Done> const added = options.core.clouds.add_yaml(file, text->text); !added)
      return added.error().while_doing("--clouds");
  }
  return options;
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

LogLevel level_of(Parsed const& parsed) {
  std::string const level = parsed.get("log-level", parsed.has("log-file") ? "info" : "warning");
  if (level == "debug") return LogLevel::Debug;
  if (level == "info") return LogLevel::Info;
  return level == "warning" ? LogLevel::Warning : LogLevel::Error;
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

int run_operator(Parsed const& parsed) {
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
  options->core.transport = transport_options_from_environment();

  SystemRandom random;
  Scrubber scrubber;
  Metrics metrics;
  std::unique_ptr<ProgressView> const view = view_of(parsed, clock);
  Logger const log(clock, scrubber, parsed.get("log-format") == "json" ? LogFormat::Json : LogFormat::Text,
                   level_of(parsed), [&](std::string_view line) {
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
    Result<std::unique_ptr<HttpServer>> served =
        serve_health(*address, metrics, [&] { return running.started(); });
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
