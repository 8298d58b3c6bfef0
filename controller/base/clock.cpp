#include "controller/base/clock.hpp"

#include <algorithm>
#include <utility>

namespace trainyard {

SteadyTime SystemClock::steady() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyTime within_reach(SteadyTime until) {
  constexpr Duration kFar = std::chrono::years(200);
  return std::clamp(until, SteadyTime(-kFar), SteadyTime(kFar));
}

void Wakeup::notify() {
  {
    std::lock_guard lock(mutex_);
    notified_ = true;
  }
  changed_.notify_all();
}

bool Wakeup::wait_until(SteadyTime until, std::stop_token const& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, stop, within_reach(until), [this] { return notified_; });
  return std::exchange(notified_, false);
}

bool Wakeup::take() {
  std::lock_guard lock(mutex_);
  return std::exchange(notified_, false);
}

}  // namespace trainyard
