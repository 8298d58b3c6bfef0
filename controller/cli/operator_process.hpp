// A running operator with all it is made of: store, watch, transports, runner, reconcilers, threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/cli/activity.hpp"
#include "controller/cli/transports.hpp"
#include "controller/directory/directory_store.hpp"
#include "controller/directory/directory_watch.hpp"
#include "controller/local/directory_source.hpp"
#include "controller/local/process_runner.hpp"
#include "controller/manager/operator.hpp"

namespace trainyard::cli {

struct ProcessOptions {
  directory::DirectoryOptions folder;
  std::string cluster;
  azure::Clouds clouds;
  int workers = 20;
  bool prune = false;
  HttpTransportOptions transport;
  std::optional<std::string> ssl_cert_file;  // what local runs see
};

/// What the process is given; all of it outlives the process.
struct ProcessParts {
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber& scrubber;
  Metrics& metrics;
  std::function<void()> changed;                            // something may be worth showing; from any thread
  std::function<void(std::string const& problem)> problem;  // something to mend, once; from any thread
};

class OperatorProcess {
 public:
  /// Takes the folders for this process and reads what is kept there.
  static Result<std::unique_ptr<OperatorProcess>> open(ProcessOptions options, ProcessParts parts);
  /// Reads the manifests and starts to work.
  Result<Done> start();
  /// Takes no more work and lets the passes under way end; what they wait for is cut short after a while.
  void stop();
  ~OperatorProcess();

  [[nodiscard]] std::vector<ObjectPtr> objects() const;  // of all kinds
  /// Every object was looked at, nothing is under way, and nothing will move by itself.
  [[nodiscard]] bool settled();
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::size_t problems() const { return problems_; }
  [[nodiscard]] Activity const& activity() const { return activity_; }

 private:
  OperatorProcess(ProcessOptions options, ProcessParts parts,
                  std::unique_ptr<directory::DirectoryStore> store,
                  std::unique_ptr<directory::DirectoryWatch> watch, std::string holder);
  Result<Done> scan();
  Result<Done> prune();
  void look_now_and_then(std::stop_token const& stop);

  ProcessOptions const options_;
  ProcessParts const parts_;
  Activity activity_;
  std::unique_ptr<directory::DirectoryStore> store_;
  std::unique_ptr<directory::DirectoryWatch> watch_;
  Transports transports_;
  std::unique_ptr<local::DirectorySources> sources_;
  std::unique_ptr<reconcilers::LocalRunner> runner_;
  CountingRunner counting_runner_;
  reconcilers::Scopes scopes_;
  azure::RateLimits limits_;
  reconcilers::Parts const reconciler_parts_;
  manager::Operator operator_;

  std::atomic<bool> started_ = false;
  std::atomic<std::size_t> problems_ = 0;
  std::mutex told_mutex_;
  std::set<std::string> told_;  // guarded by told_mutex_: problems as of the last scan

  std::stop_source hurry_;  // cuts short what passes wait for
  Wakeup drained_, look_again_;
  std::jthread workers_, watcher_, looker_;  // last: they end before what they use
};

}  // namespace trainyard::cli
