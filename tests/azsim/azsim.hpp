// The Azure simulator as a library: a state machine on a given clock. One thread at a time; the program puts
// a lock around it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/http_server.hpp"
#include "controller/base/json.hpp"
#include "controller/base/random.hpp"

namespace trainyard::azsim {

/// Whose tokens sign the application in: of this issuer, for this subject, signed with this key.
struct FederatedCredential {
  std::string issuer, subject, public_key_pem;
};

struct Options {
  std::string tenant, client, secret, subscription;   // default_options() has the well-known ones
  std::vector<std::string> client_certificates = {};  // PEM, RSA: what the application may sign in with
  std::vector<FederatedCredential> federated = {};
  std::string location = "eastus";
  std::string base_url = "https://localhost:8443";  // what absolute addresses in answers begin with
  bool public_names = false;  // base_url is Resource Manager only: the others have their names in Azure
  Duration provision{22000}, resize{30000},
      del{10000};                    // how long a compute takes; --fast shortens all of them
  Duration queue{5000}, run{20000};  // a job without an executor: Queued, then Running, then Completed
  bool buckets = false;              // throttle as ARM does: reads 250 + 25/s, writes and deletes 200 + 10/s
};
Options default_options();
Options fast(Options options);  // provisioning and runs take seconds

/// A job as the executor sees it.
struct JobFile {
  std::string path, content;
};
/// A named output, which is a folder or one file.
struct JobOutput {
  std::string name;
  bool is_file = false;
};
struct JobStart {
  std::string name;            // the job's name
  std::string command;         // with ${{inputs.x}} already replaced; ${{outputs.x}} is the executor's
  std::vector<JobFile> files;  // the code snapshot
  std::vector<std::pair<std::string, std::string>>
      environment;  // what a real job sees, and the job's own variables
  std::vector<JobOutput> outputs = {};
};
struct JobProgress {
  std::string log;                                                 // all of it so far (stdout and stderr)
  std::optional<int> exit_code;                                    // set when it has ended
  std::vector<JobFile> outputs;                                    // below ./outputs, when it has ended
  std::map<std::string, std::vector<JobFile>> named_outputs = {};  // by name; the path of a single file is ""
};

/// Runs jobs for real. The library has none by itself: without one, jobs end by the clock.
struct JobExecutor {
  virtual ~JobExecutor() = default;
  virtual void start(JobStart const& job) = 0;
  virtual JobProgress progress(std::string const& name) = 0;
  virtual void cancel(std::string const& name) = 0;
};

/// What goes wrong, and when. The first rule that matches is used up by one call (times < 0: never used up).
struct FaultRule {
  std::string operation;  // as in Operation::name, "*" for any; "computes.*" for a group
  std::string path_part;  // the path must contain it; "" matches all
  int skip = 0;           // let so many matching calls pass first
  int times = 1;
  double share = 1;  // of the matching calls; which ones, the seed of faults decides
  enum class Kind {
    Answer,         // `status`, `code`, `message`, `headers`, `retry_after` instead of the effect
    LostBefore,     // no answer, no effect: the connection ends, or with `delay` stays silent that long first
    LostAfter,      // the effect, but no answer
    CutHead,        // the effect; the connection ends within the head of the answer
    CutBody,        // the effect; the connection ends within the body
    Truncate,       // the effect; a whole answer with half of the body
    NotJson,        // the effect; a body that is no JSON
    Slow,           // the effect; nothing but `delay`
    StaleList,      // a list as this address was answered before, at least `age` ago
    RepeatPage,     // a page of a list, which says that it comes once more
    SkipPage,       // a page of a list is left out: the next one comes, or after the last an empty one
    FailOperation,  // the effect begins; the operation it begins ends with `code` and `message`
  } kind = Kind::Answer;
  int status = 500;
  std::string code = {}, message = {};  // "": as the service has them for that status
  HttpHeaders headers = {};
  std::optional<Duration> retry_after = {};
  bool retry_after_as_date = false;
  Duration delay{0};  // before the answer, whatever the kind
  Duration age{0};
};

struct Logged {
  WallTime time{};
  std::string operation, method, path;
  int status = 0;  // 0: no answer was given
};

/// An operation as facts and faults know it: {"computes.put", "PUT", "/subscriptions/{sub}/.."}.
struct Served {
  std::string name, method, pattern;
};

class AzureSim {
 public:
  AzureSim(Clock const& clock, Random& random, Options options, JobExecutor* executor = nullptr);
  ~AzureSim();
  AzureSim(AzureSim const&) = delete;
  AzureSim& operator=(AzureSim const&) = delete;

  /// Answers one request, told as the server's handler gets it (absolute url, host from the Host header).
  ServerReply handle(HttpRequest const& request);
  [[nodiscard]] std::vector<Served> served() const;
  /// Lets time have its effects: jobs and clusters change state by the clock; polls the executor. handle()
  /// does it too.
  void tick();

  void add_fault(FaultRule rule);
  void clear_faults();
  void set_fault_seed(std::uint64_t seed);  // for rules with a share
  void on_request(std::function<void(Logged const&)> observer);

  // For tests and worlds: what another person would do, without a request.
  void add_workspace(std::string const& group, std::string const& name);
  [[nodiscard]] Json compute(std::string const& workspace, std::string const& name) const;  // null if absent
  [[nodiscard]] Json job(std::string const& workspace, std::string const& name) const;      // null if absent
  [[nodiscard]] std::vector<std::string> job_names(std::string const& workspace) const;
  void end_job(std::string const& workspace, std::string const& name,
               std::string const& status);                                  // Completed, Failed, Canceled
  void preempt_job(std::string const& workspace, std::string const& name);  // a running one
  void set_secret(std::string const& secret);  // the client's; the one before signs nobody in any more
  void fail_next_compute(std::string const& code,
                         std::string const& message);  // quota and the like: 201, then Failed

  [[nodiscard]] Json snapshot() const;      // everything, for --state FILE
  Result<Done> restore(Json const& state);  // what snapshot() gave

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace trainyard::azsim
