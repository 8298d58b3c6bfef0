// Leader election by a Lease, with client-go's rules and times: of several processes one acts.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/random.hpp"
#include "controller/kube/api_client.hpp"
#include "controller/kube/loop.hpp"

namespace trainyard::kube {

struct LeaseOptions {
  std::string ns, name;
  std::string identity;  // of this process, never used by another
  // Whole seconds. A lease that nobody renewed for so long may be taken; the leader that could not renew it
  // for two thirds of that gives up: the rest is what clocks and pauses may cost. With 15 s: 10 s, tried
  // every 2 s.
  Duration lease = std::chrono::seconds(15);
  [[nodiscard]] Duration renew() const { return lease * 2 / 3; }
  [[nodiscard]] Duration retry() const { return lease * 2 / 15; }
};

/// Told from step()'s thread, each at most once. After `lost` the process must end: this object does not try
/// again.
struct LeaseListener {
  std::function<void()> elected, lost;
};

struct LeaseParts {
  ApiClient& api;
  Clock const& clock;
  Random& random;
  Logger const& log;
  Metrics& metrics;
};

class LeaderElection final : public Loop {
 public:
  LeaderElection(LeaseOptions options, LeaseParts parts, LeaseListener listener);
  /// Renewed less than `renew` ago by this machine's steady clock, whatever step() has noticed: a process
  /// that was stopped for a while and goes on must not write. Safe from any thread.
  [[nodiscard]] bool leading() const;
  Duration step(std::stop_token const& stop) override;
  /// Gives the lease back, so that another need not wait for its end. Call when nothing of this process
  /// writes any more and step() is not called.
  void release(Context const& context);

 private:
  Result<Done> take_or_renew(Context const& context);
  Result<Json> write(Json lease, Context const& context);
  [[nodiscard]] Json filled(Json lease, bool anew) const;
  void observe(Json lease);

  LeaseOptions const options_;
  LeaseParts const parts_;
  LeaseListener const listener_;
  Gauge& master_;

  // Of step()'s thread.
  Json observed_;             // the Lease as last seen; null before
  SteadyTime observed_at_{};  // when it was first seen so
  std::string told_of_;       // the other leader the log has named
  bool given_up_ = false;

  mutable std::mutex mutex_;
  std::optional<SteadyTime> renewed_at_;  // guarded by mutex_: when the renewal that worked was sent
};

}  // namespace trainyard::kube
