// The real programs as child processes, and folders for them to work on.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/folders.hpp"
#include "tests/temp_folder.hpp"

namespace trainyard::tests {

inline std::string const kTrainyard = build_folder() + "/bin/trainyard";
inline std::string const kAzsim = build_folder() + "/bin/azsim";

/// Returns when it holds; `told` is what the failure says if it does not in time.
inline void wait_until(std::function<bool()> const& holds, std::function<std::string()> const& told) {
  auto const until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!holds()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < until, told());
    ::poll(nullptr, 0, 20);
  }
}

/// Its output goes to files: no pipe can fill up, and what it starts cannot hold one open. It ends with us.
class Child {
 public:
  Child(std::string program, std::vector<std::string> arguments) {
    std::vector<char*> argv{program.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string const out = (output_.path() / "out").string(), err = (output_.path() / "err").string();
    pid_ = ::fork();
    BOOST_REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
      ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
      ::execv(argv.front(), argv.data());
      ::_exit(127);
    }
    exit_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  }
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(exit_);
  }
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  /// The exit code; a child that does not end in time fails the test.
  int wait() {
    pollfd ended{exit_, POLLIN, 0};
    BOOST_REQUIRE_MESSAGE(::poll(&ended, 1, 120'000) == 1, "the program does not end; it said:\n"
                                                               << out() << err());
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// Returns when its output (stdout and stderr) holds the text; what it said until then is told by the
  /// failure.
  void wait_for(std::string const& text) const {
    auto const told = [&] { return "'" + text + "' is not said, but:\n" + out() + err(); };
    auto const said = [&] { return (out() + err()).find(text) != std::string::npos; };
    wait_until(
        [&] {
          if (said()) return true;
          pollfd ended{exit_, POLLIN, 0};
          BOOST_REQUIRE_MESSAGE(::poll(&ended, 1, 0) == 0 || said(), told());
          return said();
        },
        told);
  }
  [[nodiscard]] std::string out() const { return read_all(output_.path() / "out"); }
  [[nodiscard]] std::string err() const { return read_all(output_.path() / "err"); }

 private:
  TempFolder output_;
  pid_t pid_ = -1;
  int exit_ = -1;
};

struct Said {
  int code = 0;
  std::string out, err;
};
inline Said run_program(std::vector<std::string> arguments) {
  Child child(kTrainyard, std::move(arguments));
  int const code = child.wait();
  return {code, child.out(), child.err()};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace trainyard::tests
