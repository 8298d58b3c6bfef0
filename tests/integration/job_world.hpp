// A namespace in which a test plays what a cluster has beside its API server: controller of Jobs, kubelet.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/http_server.hpp"
#include "controller/cluster/config_map_source.hpp"
#include "controller/cluster/job_runner.hpp"
#include "tests/integration/api_server.hpp"

namespace trainyard::tests {

/// The namespace takes what fits the Pod Security Standard "restricted", nothing else.
class JobWorld {
 public:
  static constexpr char const* kNamespace = "job-runner";
  static constexpr char const* kStarted = "2026-03-01T10:00:00Z";
  static constexpr char const* kEnded = "2026-03-01T10:05:00Z";

  JobWorld();

  /// A start that fits the source as it is now.
  reconcilers::LocalStart run(std::string const& name);
  std::unique_ptr<cluster::JobRunner> make_runner();
  reconcilers::LocalRun find(std::string const& name);
  Context context();
  void put_source(std::string const& script);

  Json job(std::string const& name);
  /// As the controller would, of the Job's template; here under the Job's own name.
  Json make_pod(std::string const& name, std::string const& node = "");
  void pod_status(std::string const& name, Json status);
  void pod_waits(std::string const& name, std::string const& reason, std::string const& message);
  void pod_is_unschedulable(std::string const& name, std::string const& message);
  void pod_runs(std::string const& name);
  void pod_ended(std::string const& name, int exit_code, bool disrupted = false,
                 std::string const& reason = "Error", char const* started = kStarted);
  void pod_gone(std::string const& name);
  void job_completed(std::string const& name);
  void job_failed(std::string const& name);
  void job_suspended(std::string const& name);

  ApiServer& server = ApiServer::get();
  Logger log{server.clock, server.scrubber, LogFormat::Text, LogLevel::Info, [](std::string_view) {}};
  kube::ApiClient api{server.access(), server.transport(), server.clock, server.scrubber, server.metrics};
  kube::KubeStore store{
      {.kinds = {}, .ns = kNamespace, .instance = "test"},
      {.api = api, .clock = server.clock, .random = server.random, .log = log, .scrubber = server.scrubber}};
  cluster::ConfigMapSources sources{store};
  std::unique_ptr<cluster::JobRunner> runner = make_runner();

 private:
  void job_conditions(std::string const& name, Json status, std::vector<std::string> const& types);
};

/// A node of the cluster whose kubelet answers for logs, and nothing else.
class LoggingNode {
 public:
  explicit LoggingNode(std::string log);
  ~LoggingNode();
  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::string asked() const;  // path and query of the last request

 private:
  std::string log_, name_;
  mutable std::mutex mutex_;
  std::string asked_;  // guarded by mutex_
  std::unique_ptr<HttpServer> kubelet_;
};

}  // namespace trainyard::tests
