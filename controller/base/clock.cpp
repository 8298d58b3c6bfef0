#include "controller/base/clock.hpp"

namespace trainyard {

SteadyTime SystemClock::steady() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

void Wakeup::notify() {
  {
    std::lock_guard lock(mutex_);
    notified_ = true;
  }
  changed_.notify_all();
}

void Wakeup::wait_until(SteadyTime until, std::stop_token const& stop) {
  std::unique_lock lock(mutex_);
  auto const noticed = [this] { return notified_; };
  if (until == SteadyTime::max())
    changed_.wait(lock, stop, noticed);
  else
    changed_.wait_until(lock, stop, until, noticed);
  notified_ = false;
}

}  // namespace trainyard
