// A run's folder, as the runner and the supervisor share it: which file says what.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "controller/base/json.hpp"
#include "controller/local/files.hpp"
#include "reconcilers/local_runner.hpp"

namespace trainyard::local {

/// Written before the folder gets its name, and never again.
struct Claim {
  reconcilers::LocalStart start;  // of its source only the digest is kept
  std::string token;              // of the run's MLflow service; good while the supervisor lives
  std::string claimed_at;         // RFC 3339
};
Json to_json(Claim const& claim);
Claim claim_from(Json const& json);

/// Whoever supervises the run. A process id says nothing without boot and start time: ids are used again.
struct Supervisor {
  std::string boot_id;
  std::int64_t process = 0, process_started = 0;  // clock ticks since the boot
  std::string started_at;                         // when the script was started, RFC 3339
};
Supervisor this_process(std::string started_at);

/// How it ended. Its presence means that nothing more happens in the folder.
struct Ending {
  int exit_code = 0;          // 128 + signal when one ended it
  std::string cancel_reason;  // "" unless it was asked to stop before it ended
  std::string started_at, ended_at;
};

/// Paths and contents. Errors of reading are NotFound for what is not there (yet).
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  [[nodiscard]] std::filesystem::path work() const { return path_ / "work"; }  // the script's working folder
  [[nodiscard]] std::filesystem::path log() const { return path_ / "std_log.txt"; }
  [[nodiscard]] std::filesystem::path older_log() const { return path_ / "std_log.1.txt"; }
  [[nodiscard]] std::filesystem::path supervisor_log() const { return path_ / "supervisor.log"; }
  [[nodiscard]] std::filesystem::path lock() const { return path_ / "lock"; }
  [[nodiscard]] std::filesystem::path tracking() const { return path_ / "tracking.json"; }
  [[nodiscard]] std::filesystem::path metric_history() const { return path_ / "metrics.jsonl"; }

  [[nodiscard]] Result<Claim> read_claim() const;
  Result<Done> write_claim(Claim const& claim) const;
  [[nodiscard]] Result<Supervisor> read_supervisor() const;
  Result<Done> write_supervisor(Supervisor const& supervisor) const;
  [[nodiscard]] Result<Ending> read_ending() const;
  Result<Done> write_ending(Ending const& ending) const;
  /// Why it shall end; "" while nobody asked. The first reason stays.
  [[nodiscard]] std::string cancel_reason() const;
  Result<Done> write_cancel_reason(std::string const& reason) const;
  /// The last values of its metrics; those that are no finite numbers are left out.
  [[nodiscard]] std::map<std::string, double> metrics() const;
  /// Whether somebody holds its lock: the claimant, then the supervisor, from the claim on.
  [[nodiscard]] Result<bool> is_held() const;

 private:
  [[nodiscard]] Result<Json> read(char const* name) const;

  std::filesystem::path path_;
};

/// The lock, taken; Conflict if somebody has it. It belongs to the descriptor and those inherited from it.
Result<Fd> take_lock(std::filesystem::path const& lock);

}  // namespace trainyard::local
