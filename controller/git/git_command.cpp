#include "controller/git/git_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <optional>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "controller/base/http_outcome.hpp"
#include "controller/local/script_process.hpp"

namespace trainyard::git {

namespace {

using local::ScriptProcess;

std::vector<std::string> environment_of(GitCommand const& command) {
  char const* const path = std::getenv("PATH");
  std::vector<std::string> all{std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path),
                               "HOME=" + command.folder.string(),
                               "LC_ALL=C",  // its messages are read
                               "GIT_CONFIG_NOSYSTEM=1",
                               "GIT_CONFIG_GLOBAL=/dev/null",
                               "GIT_ATTR_NOSYSTEM=1",
                               "GIT_LITERAL_PATHSPECS=1",
                               "GIT_TERMINAL_PROMPT=0",
                               "GIT_ALLOW_PROTOCOL=https",
                               "GIT_CONFIG_COUNT=" + std::to_string(command.config.size())};
  for (std::size_t i = 0; i < command.config.size(); ++i) {
    all.push_back("GIT_CONFIG_KEY_" + std::to_string(i) + "=" + command.config[i].first);
    all.push_back("GIT_CONFIG_VALUE_" + std::to_string(i) + "=" + command.config[i].second);
  }
  for (auto const& [name, value] : command.environment) all.push_back(name + "=" + value);
  return all;
}

/// What has come so far. False at its end.
bool take_output(Fd const& from, GitResult& result) {
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    ssize_t const got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0;
    std::size_t const room = kMostGitOutput - result.output.size();
    result.whole = result.whole && static_cast<std::size_t>(got) <= room;
    result.output.append(buffer.data(), std::min(static_cast<std::size_t>(got), room));
  }
}

int milliseconds_until(SteadyTime deadline, Clock const& clock) {
  if (deadline == SteadyTime::max()) return -1;
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

/// Reads what it says until it has ended, or the context has.
void follow(ScriptProcess const& process, GitResult& result, Clock const& clock, Context const& context) {
  Fd const stopped(::eventfd(0, EFD_CLOEXEC));
  std::stop_callback const on_stop(context.stop, [&] {
    std::uint64_t const one = 1;
    static_cast<void>(::write(stopped.get(), &one, sizeof one) < 0);
  });
  std::array<pollfd, 3> waits{pollfd{.fd = process.output().get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = process.handle().get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = stopped.get(), .events = POLLIN, .revents = 0}};
  while (!ended(context, clock)) {
    if (::poll(waits.data(), waits.size(), milliseconds_until(context.deadline, clock)) < 0) continue;
    if (waits[0].revents != 0 && !take_output(process.output(), result))
      waits[0].fd = -1;  // closed: its end is all there is to come
    if (waits[1].revents != 0) {
      take_output(process.output(), result);
      return;
    }
  }
}

Error missing(std::string const& program) {
  return {.kind = ErrorKind::Invalid,
          .reason = "GitMissing",
          .message = "the operator finds no " + program +
                     " to fetch sources with; install it beside the operator, on its PATH"};
}

}  // namespace

Result<GitResult> run_git(GitCommand command, Clock const& clock, Context const& context) {
  if (ended(context, clock)) return ended_error(context);
  std::vector<std::string> words{"prlimit", "--fsize=1073741824", "git"};
  words.insert(words.end(), command.words.begin(), command.words.end());
  Result<ScriptProcess> process = ScriptProcess::start(
      {.words = std::move(words), .environment = environment_of(command), .folder = command.folder});
  if (!process && process.error().reason == "InterpreterMissing") return missing("prlimit (of util-linux)");
  if (!process) return process.error();
  GitResult result;
  follow(*process, result, clock, context);
  bool const cut = ended(context, clock);
  if (cut) process->signal(SIGKILL);
  result.exit_code = process->finish();
  if (cut && result.exit_code != 0) return ended_error(context);
  if (result.exit_code == 127) return missing("git");  // so says prlimit
  return result;
}

}  // namespace trainyard::git
