#include "controller/local/exec_run.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/local/supervisor.hpp"

namespace trainyard::local {

namespace {

constexpr int kRefused = 2;

bool has_lock_of(RunFolder const& folder) {
  struct stat inherited {
  }, there{};
  if (::fstat(kLockDescriptor, &inherited) != 0 || ::stat(folder.lock().c_str(), &there) != 0) return false;
  if (inherited.st_dev != there.st_dev || inherited.st_ino != there.st_ino) return false;
  Result<bool> const held = folder.is_held();
  return held && *held;
}

int run_supervisor(RunFolder const& folder) {
  SystemClock const clock;
  Result<Done> const done = supervise(folder, clock);
  if (done) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return EXIT_FAILURE;
}

std::optional<pid_t> parent_of(std::string const& process) {
  Result<std::string> const stat = read_file("/proc/" + process + "/stat");
  if (!stat) return std::nullopt;
  std::size_t const name_end = stat->rfind(')');  // then " S 123": state, parent
  if (name_end == std::string::npos || name_end + 4 > stat->size()) return std::nullopt;
  return static_cast<pid_t>(std::strtol(stat->c_str() + name_end + 4, nullptr, 10));
}

void kill_children() {
  std::error_code error;
  for (std::filesystem::directory_iterator item("/proc", error), none; !error && item != none;
       item.increment(error)) {
    std::string const name = item->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    // A child of ours that we have not waited for: its id cannot have become another's.
    if (parent_of(name) == ::getpid())
      ::kill(static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10)), SIGKILL);
  }
}

/// Stands behind the supervisor: whatever it or its script leaves running becomes this process's child and is
/// killed, also when the supervisor itself was. It holds the lock too, so a run is not Interrupted before
/// nothing of it lives.
int keep(pid_t supervisor) {
  int result = EXIT_FAILURE;
  while (true) {
    int status = 0;
    pid_t const ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno == ECHILD) return result;
    if (ended < 0) continue;
    if (ended == supervisor) {
      result = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
      supervisor = 0;
    }
    if (supervisor == 0) kill_children();
  }
}

}  // namespace

int exec_run(std::filesystem::path const& run_folder) {
  RunFolder const folder(run_folder);
  if (!has_lock_of(folder)) {
    std::fprintf(stderr,
                 "exec-run is for trainyard itself: it takes over the lock of a run that was just claimed\n");
    return kRefused;
  }
  pid_t const keeper = ::fork();
  if (keeper < 0) return EXIT_FAILURE;
  if (keeper > 0) return EXIT_SUCCESS;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t const supervisor = ::fork();
  if (supervisor < 0) return EXIT_FAILURE;
  return supervisor == 0 ? run_supervisor(folder) : keep(supervisor);
}

}  // namespace trainyard::local
