// The operator of a folder of manifests, with all it is made of: store, watch, runner, core, threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/cli/operator_core.hpp"
#include "controller/directory/directory_store.hpp"
#include "controller/directory/directory_watch.hpp"
#include "controller/git/source_choice.hpp"
#include "controller/local/directory_source.hpp"
#include "controller/local/process_runner.hpp"

namespace trainyard::cli {

struct ProcessOptions {
  directory::DirectoryOptions folder;
  CoreOptions core;
  bool prune = false;
  std::optional<std::string> ssl_cert_file;  // what local runs see
};

/// What the process is given; all of it outlives the process.
struct ProcessParts {
  Surroundings surroundings;
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
  [[nodiscard]] bool settled() { return core_.settled(); }
  void refresh_metrics() const { core_.refresh_metrics(); }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::size_t problems() const { return problems_; }
  [[nodiscard]] Activity const& activity() const { return core_.activity(); }

 private:
  OperatorProcess(ProcessOptions options, ProcessParts parts,
                  std::unique_ptr<directory::DirectoryStore> store,
                  std::unique_ptr<directory::DirectoryWatch> watch, std::string holder);
  Result<Done> scan();
  Result<Done> prune();
  void look_now_and_then(std::stop_token const& stop);

  ProcessOptions const options_;
  ProcessParts const parts_;
  std::unique_ptr<directory::DirectoryStore> store_;
  std::unique_ptr<directory::DirectoryWatch> watch_;
  std::unique_ptr<local::DirectorySources> folders_;
  git::GitSources git_;
  git::FolderChoice sources_;
  std::unique_ptr<reconcilers::LocalRunner> runner_;
  OperatorCore core_;

  std::atomic<bool> started_ = false;
  std::atomic<std::size_t> problems_ = 0;
  std::mutex told_mutex_;
  std::set<std::string> told_;  // guarded by told_mutex_: problems as of the last scan

  Wakeup look_again_;
  std::jthread watcher_, looker_;  // last: they end before what they use
};

}  // namespace trainyard::cli
