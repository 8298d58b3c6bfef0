#include "controller/local/script_process.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trainyard::local {

namespace {

constexpr int kCannotExecute = 126;

std::optional<std::string> find_program(std::string const& name,
                                        std::vector<std::string> const& environment) {
  if (name.find('/') != std::string::npos) return name;
  for (std::string_view variable : environment) {
    if (!variable.starts_with("PATH=")) continue;
    variable.remove_prefix(5);
    while (!variable.empty()) {
      std::size_t const end = std::min(variable.find(':'), variable.size());
      std::string const path = std::string(variable.substr(0, end)) + "/" + name;
      if (end > 0 && ::access(path.c_str(), X_OK) == 0) return path;
      variable.remove_prefix(std::min(end + 1, variable.size()));
    }
  }
  return std::nullopt;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// In the child, between fork and exec: nothing here may take memory or a lock.
[[noreturn]] void become(char const* program, char* const* words, char* const* environment,
                         char const* folder, int output, pid_t supervisor) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(kCannotExecute);  // it went before we asked to go with it
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &plain, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int const nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  if (::chdir(folder) == 0) ::execve(program, words, environment);
  constexpr std::string_view kWords = "trainyard: the interpreter cannot be executed\n";
  static_cast<void>(::write(2, kWords.data(), kWords.size()) < 0);
  ::_exit(kCannotExecute);
}

}  // namespace

Result<ScriptProcess> ScriptProcess::start(ScriptCommand command) {
  std::optional<std::string> const program = find_program(command.words.front(), command.environment);
  if (!program)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "InterpreterMissing",
                 .message = "the interpreter '" + command.words.front() +
                            "' is not on PATH; install it, or give its path in spec.environment.interpreterPath"};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return file_error(errno, "making a pipe for", "the log");
  ScriptProcess script;
  script.output_ = Fd(ends[0]);
  Fd const input(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  std::vector<char*> const words = pointers(command.words), environment = pointers(command.environment);
  pid_t const supervisor = ::getpid();
  script.process_ = ::fork();
  if (script.process_ == 0)
    become(program->c_str(), words.data(), environment.data(), command.folder.c_str(), input.get(),
           supervisor);
  if (script.process_ < 0) return file_error(errno, "starting", *program);
  ::setpgid(script.process_, script.process_);  // here too: whoever comes first
  script.handle_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, script.process_, 0)));
  if (script.handle_) return script;
  Error const error = file_error(errno, "watching", *program);
  script.signal(SIGKILL);
  script.finish();
  return error;
}

void ScriptProcess::signal(int number) const { ::kill(-process_, number); }

int ScriptProcess::finish() {
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
    continue;
  signal(SIGKILL);
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace trainyard::local
