// The set of keys to visit, each with its earliest time; none is handed out twice at once.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>

#include "controller/base/clock.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/random.hpp"

namespace trainyard::manager {

/// Safe from any thread. Told what time it is; only wait() waits.
class WorkQueue {
 public:
  WorkQueue(Random& random, Metrics& metrics);
  /// Visit the key at `when`, or earlier if it is due earlier already. A key being visited is visited again
  /// after.
  void add(ObjectKey const& key, SteadyTime when);
  /// The key longest due by `now`, and marks it as being visited; nullopt if none is due.
  std::optional<ObjectKey> pop_ready(SteadyTime now);
  /// Sets the gauges: to be called when the metrics are read.
  void refresh_metrics(SteadyTime now) const;
  /// The visit is over. A success forgets the failures counted for the key.
  void done(ObjectKey const& key, SteadyTime now);
  /// The visit is over and failed: again after 1, 2, 4 ... 300 s, each with up to a fifth taken off by
  /// chance.
  void done_failed(ObjectKey const& key, SteadyTime now);
  [[nodiscard]] std::optional<SteadyTime> next_due() const;  // of those not being visited
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool visiting() const;
  [[nodiscard]] bool quiet(SteadyTime now) const;  // none is being visited, and none is due by `now`
  /// Counts what may have made something due. Read it before looking for work: wait() returns at once if it
  /// has moved.
  [[nodiscard]] std::uint64_t changes() const;
  /// Sleeps until `until` (real steady clock), a change after `seen`, or the stop request.
  void wait(std::uint64_t seen, std::optional<SteadyTime> until, std::stop_token const& stop);
  void wake();

 private:
  void put(ObjectKey const& key, SteadyTime when);  // with mutex_ held

  Random& random_;
  Counter &adds_, &retries_;
  Gauge &depth_, &unfinished_, &longest_;
  Histogram &waited_, &worked_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<ObjectKey, SteadyTime> due_;                  // guarded by mutex_
  std::set<std::pair<SteadyTime, ObjectKey>> in_order_;  // guarded by mutex_; the same, by time
  struct Visit {
    SteadyTime began;
    std::optional<SteadyTime> again;  // asked for meanwhile
  };
  std::map<ObjectKey, Visit> visited_;  // guarded by mutex_
  std::map<ObjectKey, int> failures_;   // guarded by mutex_
  std::uint64_t changes_ = 0;           // guarded by mutex_
};

}  // namespace trainyard::manager
