#include "controller/local/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "controller/base/core_files.hpp"
#include "controller/base/http_server.hpp"
#include "controller/base/time_text.hpp"
#include "controller/local/log_file.hpp"
#include "controller/local/mlflow_service.hpp"
#include "controller/local/script_process.hpp"

namespace trainyard::local {

namespace {

constexpr std::int64_t kLogLimit = std::int64_t{64} << 20U;
constexpr Duration kGrace = std::chrono::seconds(10);     // from SIGTERM to SIGKILL
constexpr Duration kLookAgain = std::chrono::seconds(2);  // for the reason to cancel, should inotify fail us
constexpr int kNotStarted = 127;

/// The later of two variables of a name wins, as in a shell.
void set_variable(std::vector<std::string>& environment, std::string const& name, std::string const& value) {
  std::string const begin = name + "=";
  std::erase_if(environment, [&](std::string const& known) { return known.starts_with(begin); });
  environment.push_back(begin + value);
}

/// Names as a job on Azure sees them, so that the same script runs here and there.
std::vector<std::string> environment_for(Claim const& claim, int port) {
  std::vector<std::string> environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  for (auto const& [name, value] : claim.start.variables) set_variable(environment, name, value);
  std::string const experiment_id(MlflowService::kExperimentId);
  for (auto const& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"MLFLOW_TRACKING_URI", "http://127.0.0.1:" + std::to_string(port)},
           {"MLFLOW_TRACKING_TOKEN", claim.token},
           {"MLFLOW_RUN_ID", claim.start.name},
           {"MLFLOW_EXPERIMENT_ID", experiment_id},
           {"MLFLOW_EXPERIMENT_NAME", claim.start.experiment},
           {"AZUREML_RUN_ID", claim.start.name},
           {"AZUREML_ROOT_RUN_ID", claim.start.name},
           {"AZUREML_EXPERIMENT_ID", experiment_id},
           {"AZUREML_ARM_PROJECT_NAME", claim.start.experiment}})
    set_variable(environment, name, value);
  return environment;
}

Result<std::unique_ptr<HttpServer>> serve(MlflowService& service) {
  // One thread, so that the service needs no lock.
  return HttpServer::start({.threads = 1}, [&service](HttpRequest const& request) {
    return ServerReply{.response = service.answer(request)};
  });
}

/// Waits for the script's end, its output, and the wish that it end.
class Watch {
 public:
  Watch(RunFolder const& folder, ScriptProcess& script, LogFile& log, Clock const& clock)
      : folder_(folder),
        script_(script),
        log_(log),
        clock_(clock),
        news_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (news_) ::inotify_add_watch(news_.get(), folder.path().c_str(), IN_CREATE | IN_MOVED_TO);
  }

  void until_end() {
    bool ended = false;
    while (!ended) {
      std::array<pollfd, 3> events{
          pollfd{.fd = script_.handle().get(), .events = POLLIN, .revents = 0},
          pollfd{.fd = output_open_ ? script_.output().get() : -1, .events = POLLIN, .revents = 0},
          pollfd{.fd = news_.get(), .events = POLLIN, .revents = 0}};
      ::poll(events.data(), events.size(), static_cast<int>(patience().count()));
      ended = events[0].revents != 0;
      take_output();
      forget_news();
      if (!ended) obey();
    }
  }

  /// What the script and those it left behind wrote before they ended.
  void take_output() {
    std::array<char, std::size_t{1} << 16U> buffer;
    // Not for ever: who writes faster than we read must not keep us from the rest.
    for (int pieces = 0; output_open_ && pieces < 64; ++pieces) {
      ssize_t const got = ::read(script_.output().get(), buffer.data(), buffer.size());
      if (got > 0)
        log_.write({buffer.data(), static_cast<std::size_t>(got)});
      else if (got == 0)
        output_open_ = false;
      else if (errno != EINTR)
        return;
    }
  }

  [[nodiscard]] std::string const& reason() const { return reason_; }

 private:
  [[nodiscard]] Duration patience() const {
    if (!kill_at_) return kLookAgain;
    return std::clamp(*kill_at_ - clock_.steady(), Duration(0), kLookAgain);
  }

  void forget_news() const {
    std::array<char, 4096> ignored;
    while (news_ && ::read(news_.get(), ignored.data(), ignored.size()) > 0) continue;
  }

  void obey() {
    if (reason_.empty()) {
      reason_ = folder_.cancel_reason();
      if (reason_.empty()) return;
      script_.signal(SIGTERM);
      kill_at_ = clock_.steady() + kGrace;
    } else if (clock_.steady() >= *kill_at_) {
      script_.signal(SIGKILL);
      kill_at_ = clock_.steady() + kGrace;
    }
  }

  RunFolder const& folder_;
  ScriptProcess& script_;
  LogFile& log_;
  Clock const& clock_;
  Fd news_;
  bool output_open_ = true;
  std::string reason_;  // why it was asked to end, once it was
  std::optional<SteadyTime> kill_at_;
};

Result<Done> end(RunFolder const& folder, Ending ending, Clock const& clock) {
  ending.ended_at = to_rfc3339(clock.wall());
  return folder.write_ending(ending);
}

}  // namespace

Result<Done> supervise(RunFolder const& folder, Clock const& clock) {
  forbid_core_files();
  Result<Claim> const claim = folder.read_claim();
  if (!claim) return claim.error();
  WallTime const now = clock.wall();
  Ending ending{.started_at = to_rfc3339(now)};
  LogFile log(folder.log(), folder.older_log(), kLogLimit);

  ending.cancel_reason = folder.cancel_reason();
  if (!ending.cancel_reason.empty()) {
    ending.exit_code = 128 + SIGTERM;
    return end(folder, ending, clock);
  }
  MlflowService service({.id = claim->start.name,
                         .experiment = claim->start.experiment,
                         .token = claim->token,
                         .started_at = now.time_since_epoch().count(),
                         .artifacts = std::filesystem::absolute(folder.work() / "outputs"),
                         .last_values = folder.tracking(),
                         .history = folder.metric_history()});
  Result<std::unique_ptr<HttpServer>> server = serve(service);
  if (!server) return server.error();
  ScriptCommand command{.words = {claim->start.interpreter, claim->start.script_file},
                        .environment = environment_for(*claim, (*server)->port()),
                        .folder = folder.work()};
  command.words.insert(command.words.end(), claim->start.arguments.begin(), claim->start.arguments.end());
  Result<Done> const told = folder.write_supervisor(this_process(ending.started_at));
  if (!told) return told.error();
  Result<ScriptProcess> script = ScriptProcess::start(std::move(command));
  if (!script) {
    log.write("trainyard: " + script.error().message + "\n");
    ending.exit_code = kNotStarted;
    return end(folder, ending, clock);
  }
  Watch watch(folder, *script, log, clock);
  watch.until_end();
  ending.exit_code = script->finish();
  ending.cancel_reason = watch.reason();
  watch.take_output();
  server->reset();  // takes no more, so that the metrics are complete before the result
  return end(folder, ending, clock);
}

}  // namespace trainyard::local
