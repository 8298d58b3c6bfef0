// The real program as a child process, and a folder for it to work on.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trainyard::cli {

inline std::string read_all(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "trainyard-cli-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempFolder(TempFolder const&) = delete;
  TempFolder& operator=(TempFolder const&) = delete;
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  void write(std::string const& file, std::string const& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
  }

 private:
  std::filesystem::path path_;
};

/// Its output goes to files: no pipe can fill up, and what it starts cannot hold one open.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TRAINYARD_BINARY_DIR "/bin/trainyard");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string const out = (output_.path() / "out").string(), err = (output_.path() / "err").string();
    pid_ = ::fork();
    BOOST_REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
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
  /// Returns when its output (stdout and stderr) holds the text.
  void wait_for(std::string const& text) const {
    auto const until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    pollfd ended{exit_, POLLIN, 0};
    while ((out() + err()).find(text) == std::string::npos) {
      bool const gone = ::poll(&ended, 1, 20) == 1 && (out() + err()).find(text) == std::string::npos;
      BOOST_REQUIRE_MESSAGE(!gone && std::chrono::steady_clock::now() < until, "'" << text
                                                                                   << "' is not said, but:\n"
                                                                                   << out() << err());
    }
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
  Child child(std::move(arguments));
  int const code = child.wait();
  return {code, child.out(), child.err()};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace trainyard::cli
