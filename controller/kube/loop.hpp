// What is done again and again beside everything else, and who runs it: a thread of its own, or a strand of a
// simulated world.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "controller/base/clock.hpp"

namespace trainyard::kube {

class Loop {
 public:
  virtual ~Loop() = default;
  /// Does what is due, and returns after how long to call it again unless wake() is called before.
  virtual Duration step(std::stop_token const& stop) = 0;
  void wake() { wakeup_.notify(); }
  /// Whether wake() was called since this was asked last. Never waits.
  bool take_wake() { return wakeup_.take(); }
  /// Steps until the stop request.
  void run(Clock const& clock, std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      Duration const wait = step(stop);
      wakeup_.wait_until(clock.steady() + wait, stop);
    }
  }

 private:
  Wakeup wakeup_;
};

/// A loop that is being run, until this goes: nothing of the loop is under way any more then.
struct RunningLoop {
  virtual ~RunningLoop() = default;
  /// What it does now is cut short; does not wait for that.
  virtual void request_stop() = 0;
};

/// Begins to step the loop, which outlives what is returned.
using LoopRunner = std::function<std::unique_ptr<RunningLoop>(Loop& loop)>;

/// Each loop on a thread of its own.
LoopRunner on_threads(Clock const& clock);

}  // namespace trainyard::kube
