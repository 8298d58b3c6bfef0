// Events of events.k8s.io/v1: equal ones become a series, written by a loop of its own so that no pass waits.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "controller/base/log.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/random.hpp"
#include "controller/kube/api_client.hpp"
#include "controller/kube/loop.hpp"

namespace trainyard::kube {

/// What an event is about, as its `regarding` has it.
struct Regarding {
  ObjectKey key;
  std::string api_version, uid, resource_version;
};

struct EventRecorderParts {
  ApiClient& api;
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber const& scrubber;
  std::string instance;  // reportingInstance: the pod's name
};

/// record() is safe from any thread and never waits; what cannot be written after some tries is logged and
/// dropped.
class EventRecorder final : public Loop {
 public:
  explicit EventRecorder(EventRecorderParts parts) : parts_(std::move(parts)) {}
  void record(Regarding about, Event event);
  /// Writes what is recorded; an equal event within the time of a series is counted, not written anew.
  Duration step(std::stop_token const& stop) override;
  /// Waits until everything that was recorded is written or given up, or `context` ends. One caller at a
  /// time.
  void flush(Context const& context);

 private:
  struct Recorded {
    Regarding about;
    Event event;
    WallTime at;
  };
  struct Series {
    std::string ns, name;  // of the Event
    WallTime first, last;
    int count = 1, written = 0;  // how many it stands for; how many the server has been told of
  };
  void tell_unwritten(Event const& event, Error const& error) const;
  Result<Done> write(Recorded const& recorded, Series& series, Context const& context);
  Result<Done> create(Recorded const& recorded, Series& series, Context const& context);
  void forget_old(WallTime now);

  EventRecorderParts const parts_;
  std::map<std::string, Series> series_;  // of step()'s thread; by what makes events equal
  int failures_ = 0;                      // of step()'s thread: of the first in the queue
  Wakeup idle_;
  mutable std::mutex mutex_;
  std::deque<Recorded> queue_;  // guarded by mutex_; the first stays while it is being written
  int dropped_ = 0;             // guarded by mutex_: and not told yet
  SteadyTime dropped_since_{};  // guarded by mutex_: the first of them
};

}  // namespace trainyard::kube
