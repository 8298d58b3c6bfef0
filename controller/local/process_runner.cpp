#include "controller/local/process_runner.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "controller/local/exec_run.hpp"
#include "controller/local/log_tail.hpp"
#include "controller/local/run_folder.hpp"

namespace trainyard::local {

namespace {

using reconcilers::LocalRun;
using reconcilers::LocalRunner;
using reconcilers::LocalStart;

/// What a script sees of the operator's own environment (design, rule 27): nothing that could hold a secret.
constexpr std::array<std::string_view, 9> kPassedOn{"PATH", "HOME",   "USER", "LOGNAME", "SHELL",
                                                    "LANG", "TMPDIR", "TZ",   "LC_ALL"};
constexpr std::string_view kStagingPrefix = ".claim-";
constexpr std::size_t kLongestName = 200;
constexpr int kLaunchMilliseconds = 30'000;

bool valid_name(std::string_view name) {
  constexpr std::string_view kOthers = "-_.";
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

Error bad_name(std::string const& name) {
  return {.kind = ErrorKind::Invalid,
          .reason = "BadRunName",
          .message = "the run's name '" + name + "' is no file name; use letters, digits, '-', '_' and '.'"};
}

Error already_claimed(std::string const& name) {
  return {.kind = ErrorKind::Conflict,
          .reason = "NameClaimed",
          .message = "the run " + name + " was started before"};
}

Result<Done> make_folder(std::filesystem::path const& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || (errno == EEXIST && std::filesystem::is_directory(path)))
    return Done{};
  return file_error(errno, "making the folder", path);
}

/// A folder that is prepared beside the others, gone again unless it got its name.
class Staging {
 public:
  static Result<std::unique_ptr<Staging>> make(std::filesystem::path const& runs) {
    std::string name = (runs / (std::string(kStagingPrefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) return file_error(errno, "making a folder in", runs);
    return std::make_unique<Staging>(name);
  }
  explicit Staging(std::filesystem::path path) : folder_(std::move(path)) {}
  Staging(Staging const&) = delete;
  Staging& operator=(Staging const&) = delete;
  ~Staging() {
    std::error_code ignored;
    if (!named_) std::filesystem::remove_all(folder_.path(), ignored);
  }
  [[nodiscard]] RunFolder const& folder() const { return folder_; }

  /// The claim itself: exclusive as mkdir is, since a folder that has files is not replaced, and never
  /// half-written.
  Result<Done> claim(std::filesystem::path const& path) {
    if (::rename(folder_.path().c_str(), path.c_str()) != 0)
      return errno == ENOTEMPTY || errno == EEXIST ? already_claimed(path.filename().string())
                                                   : file_error(errno, "claiming", path);
    named_ = true;
    return sync_folder(path.parent_path());
  }

 private:
  RunFolder folder_;
  bool named_ = false;
};

/// Attributes and file actions of posix_spawn, with an owner.
struct SpawnPlan {
  SpawnPlan() {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&files);
  }
  SpawnPlan(SpawnPlan const&) = delete;
  SpawnPlan& operator=(SpawnPlan const&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

class ProcessRunner final : public LocalRunner {
 public:
  ProcessRunner(ProcessRunnerOptions options, DirectorySources& sources, Clock const& clock, Random& random,
                Scrubber const& scrubber)
      : options_(std::move(options)), sources_(sources), clock_(clock), random_(random), scrubber_(scrubber) {
    sweep();
  }

  Result<std::optional<LocalRun>> find(std::string const&, std::string const& name, Context const&) override {
    if (!valid_name(name)) return bad_name(name);
    Result<std::optional<Known>> const claim = known(name);
    if (!claim) return claim.error();
    if (!claim->has_value()) return std::optional<LocalRun>{};
    RunFolder const folder = folder_of(name);
    LocalRun run{.owner = (*claim)->owner, .revision = (*claim)->revision, .holder = (*claim)->holder};
    Result<bool> const held = folder.is_held();
    if (!held) return held.error();
    // After the lock: a supervisor writes the result before it lets go.
    Result<Ending> const ending = folder.read_ending();
    if (!ending && ending.error().kind != ErrorKind::NotFound) return ending.error();
    if (ending) {
      run.state = LocalRun::State::Ended;
      run.exit_code = ending->exit_code;
      run.cancel_reason = ending->cancel_reason;
      run.started_at = ending->started_at;
      run.ended_at = ending->ended_at;
    } else {
      run.state = *held ? LocalRun::State::Running : LocalRun::State::Interrupted;
      run.cancel_reason = folder.cancel_reason();
      if (Result<Supervisor> const supervisor = folder.read_supervisor())
        run.started_at = supervisor->started_at;
    }
    run.metrics = folder.metrics();
    run.log_tail = log_tail(folder.log(), scrubber_, (*claim)->token);
    run.log_path = folder.log().string();
    return std::optional<LocalRun>{std::move(run)};
  }

  Result<Done> start(LocalStart const& what, Context const& context) override {
    if (!valid_name(what.name)) return bad_name(what.name);
    std::filesystem::path const path = options_.runs / what.name;
    if (std::filesystem::exists(path / "claim.json")) return already_claimed(what.name);  // spares the copy
    Result<std::unique_ptr<Staging>> staging = prepare_runs();
    if (!staging) return staging.error();
    RunFolder const& folder = (*staging)->folder();
    Result<Fd> const lock = take_lock(folder.lock());
    if (!lock) return lock.error();
    if (Result<Done> const filled = fill(folder, what, context); !filled) return filled.error();
    if (Result<Done> const claimed = (*staging)->claim(path); !claimed) return claimed.error();
    Result<Done> const launched = launch(RunFolder(path), *lock);
    if (launched) return Done{};
    Error error = launched.error().while_doing("starting the supervisor of " + what.name);
    error.maybe_applied = true;
    return error;
  }

  Result<Done> cancel(std::string const& ns, std::string const& name, std::string const& reason,
                      Context const& context) override {
    Result<std::optional<LocalRun>> const run = find(ns, name, context);
    if (!run) return run.error();
    if (!run->has_value())
      return Error{
          .kind = ErrorKind::NotFound, .reason = "RunNotFound", .message = "there is no run " + name};
    if ((*run)->state != LocalRun::State::Running) return Done{};
    return folder_of(name).write_cancel_reason(reason);  // its supervisor watches for that file
  }

  [[nodiscard]] Duration pace() const override { return std::chrono::seconds(1); }

  Result<std::vector<std::string>> list(std::string const&, std::string const& owner,
                                        Context const&) override {
    std::vector<std::pair<WallTime, std::string>> found;
    std::error_code error;
    for (auto item = std::filesystem::directory_iterator(options_.runs, error);
         !error && item != std::filesystem::directory_iterator(); item.increment(error)) {
      std::string name = item->path().filename().string();
      if (!valid_name(name)) continue;
      Result<std::optional<Known>> const claim = known(name);
      if (!claim) return claim.error();
      if (claim->has_value() && (*claim)->owner == owner)
        found.emplace_back((*claim)->claimed_at, std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory)
      return file_error(error.value(), "listing", options_.runs);
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    for (auto& [claimed_at, name] : found) names.push_back(std::move(name));
    return names;
  }

 private:
  /// What does not change of a run: read once.
  struct Known {
    std::string owner, revision, holder, token;
    WallTime claimed_at;
  };

  [[nodiscard]] RunFolder folder_of(std::string const& name) const { return RunFolder(options_.runs / name); }

  Result<std::optional<Known>> known(std::string const& name) {
    {
      std::lock_guard const lock(mutex_);
      if (auto const found = known_.find(name); found != known_.end()) return std::optional(found->second);
    }
    Result<Claim> const claim = folder_of(name).read_claim();
    if (!claim && claim.error().kind == ErrorKind::NotFound) return std::optional<Known>{};
    if (!claim) return claim.error();
    Result<WallTime> const claimed_at = parse_rfc3339(claim->claimed_at);
    if (!claimed_at) return claimed_at.error().while_doing("reading the claim of " + name);
    Known fresh{claim->start.owner, claim->start.revision, claim->start.holder, claim->token, *claimed_at};
    std::lock_guard const lock(mutex_);
    return std::optional(known_.emplace(name, std::move(fresh)).first->second);
  }

  Result<std::unique_ptr<Staging>> prepare_runs() {
    std::error_code error;
    std::filesystem::create_directories(options_.runs.parent_path(), error);
    if (Result<Done> const made = make_folder(options_.runs); !made) return made.error();
    return Staging::make(options_.runs);
  }

  /// Everything a supervisor needs, on disk before anything can start.
  Result<Done> fill(RunFolder const& folder, LocalStart const& what, Context const& context) {
    if (Result<Done> const made = make_folder(folder.work()); !made) return made.error();
    Result<Done> const copied = sources_.copy(what.source, what.source_digest, folder.work(), context);
    if (!copied) return copied.error();
    for (char const* const name : {"outputs", "logs"})  // as Azure has them
      if (Result<Done> const made = make_folder(folder.work() / name); !made) return made.error();
    std::string random(32, '\0');
    for (std::size_t at = 0; at < random.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t const piece = random_.next();
      std::memcpy(&random[at], &piece, sizeof piece);
    }
    return folder.write_claim(
        {.start = what, .token = base64url(random), .claimed_at = to_rfc3339(clock_.wall())});
  }

  Result<Done> launch(RunFolder const& folder, Fd const& lock) {
    SpawnPlan plan;
    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
    ::posix_spawnattr_setsigmask(&plan.attributes, &none);
    ::posix_spawnattr_setflags(&plan.attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    std::string const log = folder.supervisor_log().string();
    ::posix_spawn_file_actions_adddup2(&plan.files, lock.get(), kLockDescriptor);
    ::posix_spawn_file_actions_addopen(&plan.files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&plan.files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&plan.files, 1, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&plan.files, kLockDescriptor + 1);
    std::vector<std::string> arguments{options_.executable.string(), "exec-run", folder.path().string()};
    std::vector<std::string> environment = passed_on();
    pid_t process = 0;
    int const failed = ::posix_spawn(&process, options_.executable.c_str(), &plan.files, &plan.attributes,
                                     pointers(arguments).data(), pointers(environment).data());
    if (failed != 0) return file_error(failed, "running", options_.executable);
    return await_launcher(process, folder);
  }

  /// The process we started ends as soon as the supervisor is on its own feet.
  static Result<Done> await_launcher(pid_t process, RunFolder const& folder) {
    Fd const handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
    int ready = -1;
    do ready = ::poll(&ended, 1, kLaunchMilliseconds);
    while (ready < 0 && errno == EINTR);
    if (ready != 1) ::kill(process, SIGKILL);  // still ours: it has not been waited for
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    if (ready == 1 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return Done{};
    return Error{.kind = ErrorKind::Transient,
                 .reason = "StartFailed",
                 .message = "it did not come up; " + folder.supervisor_log().string() + " may tell why"};
  }

  [[nodiscard]] std::vector<std::string> passed_on() const {
    std::vector<std::string> environment;
    for (std::string_view const name : kPassedOn)
      if (char const* const value = ::getenv(name.data()))
        environment.push_back(std::string(name) + "=" + value);
    if (options_.ssl_cert_file) environment.push_back("SSL_CERT_FILE=" + *options_.ssl_cert_file);
    return environment;
  }

  /// Takes away what claimants left behind that were killed before their claim. One that lives holds its
  /// lock.
  void sweep() const {
    std::error_code error;
    for (auto const& item : std::filesystem::directory_iterator(options_.runs, error)) {
      if (!item.path().filename().string().starts_with(kStagingPrefix)) continue;
      Result<Fd> const lock = take_lock(RunFolder(item.path()).lock());
      std::error_code ignored;
      if (lock) std::filesystem::remove_all(item.path(), ignored);
    }
  }

  ProcessRunnerOptions options_;
  DirectorySources& sources_;
  Clock const& clock_;
  Random& random_;
  Scrubber const& scrubber_;
  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<LocalRunner> make_process_runner(ProcessRunnerOptions options, DirectorySources& sources,
                                                 Clock const& clock, Random& random,
                                                 Scrubber const& scrubber) {
  return std::make_unique<ProcessRunner>(std::move(options), sources, clock, random, scrubber);
}

}  // namespace trainyard::local
