// The operator with its threads and what it needs of the outside, whatever store the objects live in.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/cli/activity.hpp"
#include "controller/cli/transports.hpp"
#include "controller/git/git_checkout.hpp"
#include "controller/manager/operator.hpp"

namespace trainyard::cli {

/// What a process gives to all of its parts; outlives them.
struct Surroundings {
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber& scrubber;
  Metrics& metrics;
};

struct CoreOptions {
  std::string cluster;  // --cluster-name
  azure::Clouds clouds;
  int workers = 20;
  HttpTransportOptions transport;
  std::function<bool()> may_write;  // for Azure: not called if empty
  git::GitOptions git;              // of sources; the cache is where the process has one
};

/// Where runs of this place and their sources are. All outlive the core.
struct CoreParts {
  ObjectStore& store;
  reconcilers::LocalRunner& local;
  reconcilers::SourceReader& sources;
  std::string holder;  // the identity of the store
};

class OperatorCore {
 public:
  OperatorCore(CoreOptions options, Surroundings surroundings, CoreParts parts);
  ~OperatorCore();

  /// Looks at every object and works until stop().
  void start();
  /// Takes no more work and lets the passes under way end; what they wait for is cut short after a while.
  void stop();
  void wake() { operator_.wake(); }
  void refresh_metrics() const { operator_.refresh_metrics(); }
  /// Every object was looked at, nothing is under way, and nothing will move by itself.
  [[nodiscard]] bool settled();
  [[nodiscard]] Activity const& activity() const { return activity_; }

 private:
  CoreOptions const options_;
  Surroundings const surroundings_;
  Activity activity_;
  Transports transports_;
  CountingRunner runner_;
  reconcilers::Scopes scopes_;
  azure::RateLimits limits_;
  reconcilers::Parts const reconciler_parts_;
  manager::Operator operator_;
  std::stop_source hurry_;  // cuts short what passes wait for
  Wakeup drained_;
  std::jthread workers_;  // last: ends before what it uses
};

}  // namespace trainyard::cli
