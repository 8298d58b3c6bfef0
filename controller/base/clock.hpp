// Time is passed in. Real clocks are read in clock.cpp only (tests/tidy.py guards it).
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "controller/base/result.hpp"

namespace trainyard {

using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::sys_time<Duration>;

struct Clock {
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime steady() const = 0;  // for waiting: never goes back
  [[nodiscard]] virtual WallTime wall() const = 0;      // for telling people: may jump
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override;
  [[nodiscard]] WallTime wall() const override;
};

/// Told what time it is; starts at the given wall time.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start) : start_(start) {}
  [[nodiscard]] SteadyTime steady() const override { return SteadyTime(passed_); }
  [[nodiscard]] WallTime wall() const override { return start_ + passed_; }
  void advance(Duration by) { passed_ += by; }

 private:
  WallTime start_;
  Duration passed_{0};
};

/// The stop token and the deadline of whatever may block; always the last parameter.
struct Context {
  std::stop_token stop;
  SteadyTime deadline = SteadyTime::max();
};

/// `until`, or the nearest time within 200 years: the library's waits count in nanoseconds, which overflow
/// after 292 years.
SteadyTime within_reach(SteadyTime until);

/// Wakes one sleeper: the only way a thread of ours waits for time. notify() before wait() is not lost.
class Wakeup {
 public:
  void notify();
  /// Returns at notify() (then true), at the stop request, or when `until` has passed on the real steady
  /// clock.
  bool wait_until(SteadyTime until, std::stop_token const& stop);
  /// Whether notify() was called since the last wait or take(). Never waits.
  bool take();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool notified_ = false;  // guarded by mutex_
};

}  // namespace trainyard
