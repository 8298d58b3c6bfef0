// The operator of a Kubernetes cluster: objects on its API server, runs as its Jobs, one leader.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "controller/cli/operator_core.hpp"
#include "controller/cluster/config_map_source.hpp"
#include "controller/cluster/job_runner.hpp"
#include "controller/cluster/log_map.hpp"
#include "controller/git/source_choice.hpp"
#include "controller/kube/api_client.hpp"
#include "controller/kube/fenced_transport.hpp"
#include "controller/kube/kube_store.hpp"
#include "controller/kube/lease.hpp"

namespace trainyard::cli {

struct ClusterOptions {
  kube::ClusterAccess access;
  HttpTransportOptions api_transport;
  CoreOptions core;
  std::string ns;        // the only one that is served; "" for all
  std::string lease_ns;  // where the Lease is: the operator's own
  Duration lease = std::chrono::seconds(15);
  cluster::JobOptions jobs;
  std::string instance;  // this process's name, as a pod has one
};

class ClusterProcess {
 public:
  /// `lost` is called when another process may act from now on: end at once, without any farewell.
  ClusterProcess(ClusterOptions options, Surroundings surroundings, std::function<void()> lost);
  ~ClusterProcess();

  /// Serves until the stop request, then lets passes end, writes the last events and gives the lease back. An
  /// Error means that the API server refused what cannot be done without.
  Result<Done> run(std::stop_token const& stop);
  /// The objects are known; a process that waits for the lease is ready too.
  /// Of the objects and the queue, once this process is the leader.
  void refresh_metrics();
  [[nodiscard]] bool ready() const { return store_.synced(); }

 private:
  Result<std::string> identity_of_store(std::stop_token const& stop);
  void changed();
  void end_well();

  ClusterOptions const options_;
  Surroundings const surroundings_;
  std::unique_ptr<StreamingTransport> http_;
  kube::ApiClient lease_api_;  // the lease's own writes are not fenced by it
  kube::LeaderElection election_;
  kube::FencedTransport fence_;
  kube::ApiClient api_;
  Wakeup woken_;
  std::atomic<bool> elected_ = false;
  kube::KubeStore store_;
  cluster::ConfigMapSources config_maps_;
  std::filesystem::path const git_cache_;  // made by the first fetch
  git::GitSources git_;
  git::SourceChoice<reconcilers::SourceReader> sources_;
  cluster::JobRunner runner_;
  cluster::LogMaps logs_;
  std::mutex mutex_;
  std::unique_ptr<OperatorCore> core_;  // guarded by mutex_; made when this process is the leader
  std::jthread election_thread_;        // last: ends before what it uses
};

}  // namespace trainyard::cli
