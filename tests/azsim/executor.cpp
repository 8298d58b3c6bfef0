#include "tests/azsim/executor.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trainyard::azsim {
namespace {

namespace fs = std::filesystem;
using Variables = std::vector<std::pair<std::string, std::string>>;

constexpr int kCouldNotStart = 126;  // as a shell says of a command it cannot run
constexpr std::array kPassedOn{"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"};

std::string read_file(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool stays_inside(fs::path const& relative) {
  if (relative.empty() || relative.is_absolute()) return false;
  for (fs::path const& part : relative)
    if (part == "..") return false;
  return true;
}

/// Throws std::runtime_error or std::system_error.
void unpack(std::vector<JobFile> const& files, fs::path const& folder) {
  fs::create_directories(folder);
  for (JobFile const& file : files) {
    if (!stays_inside(file.path))
      throw std::runtime_error("the snapshot's file '" + file.path + "' lies outside of it");
    fs::path const path = folder / file.path;
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    out.write(file.content.data(), static_cast<std::streamsize>(file.content.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write the snapshot's file '" + file.path + "'");
    fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec);
  }
}

/// All files below it; the file itself, of path "", if it is one.
std::vector<JobFile> collect(fs::path const& folder) {
  std::vector<JobFile> files;
  std::error_code ignored;
  if (fs::is_regular_file(fs::symlink_status(folder, ignored))) return {{"", read_file(folder)}};
  for (auto at = fs::recursive_directory_iterator(folder, ignored); at != fs::recursive_directory_iterator();
       at.increment(ignored))
    if (at->is_regular_file(ignored) && !at->is_symlink(ignored))
      files.push_back({fs::relative(at->path(), folder).generic_string(), read_file(at->path())});
  return files;
}

/// Where the name is found on the search path, "" if nowhere.
std::string find_program(std::string const& search_path, std::string const& name) {
  std::istringstream folders(search_path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string const candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

struct SpawnActions {
  posix_spawn_file_actions_t value{};
  SpawnActions() { posix_spawn_file_actions_init(&value); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&value); }
  SpawnActions(SpawnActions const&) = delete;
  SpawnActions& operator=(SpawnActions const&) = delete;
};

struct SpawnAttributes {
  posix_spawnattr_t value{};
  SpawnAttributes() { posix_spawnattr_init(&value); }
  ~SpawnAttributes() { posix_spawnattr_destroy(&value); }
  SpawnAttributes(SpawnAttributes const&) = delete;
  SpawnAttributes& operator=(SpawnAttributes const&) = delete;
};

/// The process id, which is also that of its group. Throws std::system_error.
pid_t spawn(std::string const& command, fs::path const& folder, fs::path const& log,
            Variables const& variables) {
  SpawnActions actions;
  posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions.value, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  posix_spawn_file_actions_adddup2(&actions.value, STDOUT_FILENO, STDERR_FILENO);
  // The server's sockets are not marked close-on-exec by the library that opens them.
  posix_spawn_file_actions_addclosefrom_np(&actions.value, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&actions.value, folder.c_str());

  SpawnAttributes attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes.value, &none);
  posix_spawnattr_setsigdefault(&attributes.value, &all);
  posix_spawnattr_setpgroup(&attributes.value, 0);
  posix_spawnattr_setflags(&attributes.value,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::array<std::string, 3> words{"/bin/sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  std::vector<std::string> pairs;
  for (auto const& [name, value] : variables) pairs.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& pair : pairs) environment.push_back(pair.data());
  environment.push_back(nullptr);

  pid_t child = 0;
  int const failed =
      posix_spawn(&child, "/bin/sh", &actions.value, &attributes.value, arguments.data(), environment.data());
  if (failed != 0) throw std::system_error(failed, std::generic_category(), "cannot start /bin/sh");
  return child;
}

void set(Variables& variables, std::string const& name, std::string const& value) {
  for (auto& [known, old] : variables)
    if (known == name) {
      old = value;
      return;
    }
  variables.emplace_back(name, value);
}

/// Throws std::runtime_error.
fs::path place_of(JobOutput const& output, fs::path const& folder) {
  if (!stays_inside(output.name) || output.name.find('/') != std::string::npos)
    throw std::runtime_error("the output '" + output.name + "' has a name that no folder can have");
  return folder / output.name;
}

void replace_all(std::string& text, std::string const& what, std::string const& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

class ProcessExecutor final : public JobExecutor {
 public:
  ProcessExecutor(ProcessExecutorOptions options, Clock const& clock)
      : options_(std::move(options)), clock_(clock), base_(base_variables()) {}

  ~ProcessExecutor() override {
    for (auto const& [name, run] : runs_)
      if (run.process > 0) {
        ::kill(-run.process, SIGKILL);
        reap(run.process);
        remove(run);
      }
  }
  ProcessExecutor(ProcessExecutor const&) = delete;
  ProcessExecutor& operator=(ProcessExecutor const&) = delete;

  void start(JobStart const& job) override {
    Run& run = runs_[job.name];
    run.folder = fs::path(options_.folder) / ("run-" + std::to_string(++started_));
    try {
      unpack(job.files, run.folder / "wd");
      Variables variables = base_;
      for (auto const& [name, value] : job.environment) set(variables, name, value);
      std::string command = job.command;
      fs::create_directories(run.folder / "named");
      for (JobOutput const& output : job.outputs) {
        fs::path const place = place_of(output, run.folder / "named");
        if (!output.is_file) fs::create_directory(place);
        replace_all(command, "${{outputs." + output.name + "}}", place.string());
        set(variables, "AZURE_ML_OUTPUT_" + output.name, place.string());
        run.outputs.push_back(output.name);
      }
      run.process = spawn(command, run.folder / "wd", run.folder / "log", variables);
    } catch (std::exception const& error) {  // what the file system or the system refused
      run.problem = error.what();
    }
  }

  JobProgress progress(std::string const& name) override {
    auto const found = runs_.find(name);
    if (found == runs_.end()) return {};
    Run& run = found->second;
    JobProgress told;
    if (run.process > 0) {
      if (run.killed_at && clock_.steady() >= *run.killed_at) ::kill(-run.process, SIGKILL);
      siginfo_t ended{};
      if (::waitid(P_PID, static_cast<id_t>(run.process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          ended.si_pid == run.process) {
        ::kill(-run.process, SIGKILL);  // what it left behind; unreaped, it keeps the group's number ours
        reap(run.process);
        told.exit_code = ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
      }
    } else {
      told.exit_code = kCouldNotStart;
    }
    told.log = read_file(run.folder / "log") + run.problem;
    if (told.exit_code) {
      told.outputs = collect(run.folder / "wd" / "outputs");
      for (std::string const& output : run.outputs)
        told.named_outputs[output] = collect(run.folder / "named" / output);
      remove(run);
      runs_.erase(found);
    }
    return told;
  }

  void cancel(std::string const& name) override {
    auto const found = runs_.find(name);
    if (found == runs_.end() || found->second.process <= 0 || found->second.killed_at) return;
    ::kill(-found->second.process, SIGTERM);
    found->second.killed_at = clock_.steady() + options_.grace;
  }

 private:
  struct Run {
    fs::path folder;
    pid_t process = 0;  // not reaped yet
    std::string problem;
    std::vector<std::string> outputs;     // names
    std::optional<SteadyTime> killed_at;  // when SIGKILL follows
  };

  static void reap(pid_t process) {
    while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  static void remove(Run const& run) {
    std::error_code ignored;
    fs::remove_all(run.folder, ignored);
  }

  Variables base_variables() const {
    Variables variables;
    for (char const* name : kPassedOn)
      if (char const* value = std::getenv(name)) set(variables, name, value);
    std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "/usr/local/bin:/usr/bin:/bin";
    std::string const python3 = find_program(path, "python3");
    // Debian has no `python`; the images of the service do.
    if (find_program(path, "python").empty() && !python3.empty()) {
      fs::path const shims = fs::path(options_.folder) / "bin";
      std::error_code failed;
      fs::create_directories(shims, failed);
      fs::create_symlink(python3, shims / "python", failed);
      path = shims.string() + ":" + path;
    }
    set(variables, "PATH", path);
    for (auto const& [name, value] : options_.environment) set(variables, name, value);
    return variables;
  }

  ProcessExecutorOptions options_;
  Clock const& clock_;
  Variables base_;
  std::map<std::string, Run> runs_;
  int started_ = 0;
};

}  // namespace

std::unique_ptr<JobExecutor> make_process_executor(ProcessExecutorOptions options, Clock const& clock) {
  return std::make_unique<ProcessExecutor>(std::move(options), clock);
}

}  // namespace trainyard::azsim
