// What a thread of its own does again and again; in tests something else steps it.
#pragma once

#include <stop_token>

#include "controller/base/clock.hpp"

namespace trainyard::kube {

class Loop {
 public:
  virtual ~Loop() = default;
  /// Does what is due, and returns after how long to call it again unless wake() is called before.
  virtual Duration step(std::stop_token const& stop) = 0;
  void wake() { wakeup_.notify(); }
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

}  // namespace trainyard::kube
