#include "controller/base/clock.hpp"

#include <atomic>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace trainyard;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

SystemClock const kClock;

// Far beyond any test's patience: who returns was woken.
SteadyTime in_an_hour() { return kClock.steady() + hours(1); }

}  // namespace

BOOST_AUTO_TEST_SUITE(clocks)

BOOST_AUTO_TEST_CASE(a_fake_clock_moves_when_told) {
  WallTime const start = std::chrono::sys_days{std::chrono::year{2026} / 11 / 24};
  FakeClock clock(start);
  BOOST_TEST((clock.wall() == start));
  SteadyTime const before = clock.steady();
  clock.advance(seconds(90));
  BOOST_TEST((clock.wall() - start == seconds(90)));
  BOOST_TEST((clock.steady() - before == seconds(90)));
}

BOOST_AUTO_TEST_CASE(the_system_clocks_go_on) {
  SteadyTime const before = kClock.steady();
  BOOST_TEST((kClock.steady() >= before));
  BOOST_TEST((kClock.wall() > std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}));
}

BOOST_AUTO_TEST_CASE(a_notice_before_the_wait_is_not_lost) {
  Wakeup wakeup;
  wakeup.notify();
  wakeup.wait_until(in_an_hour(), {});
  wakeup.notify();
  wakeup.notify();  // counts once
  wakeup.wait_until(SteadyTime::max(), {});
  SteadyTime const until = kClock.steady() + milliseconds(20);
  wakeup.wait_until(until, {});
  BOOST_TEST((kClock.steady() >= until));
}

BOOST_AUTO_TEST_CASE(a_notice_of_another_thread_wakes) {
  Wakeup wakeup;
  std::jthread const other([&] { wakeup.notify(); });
  BOOST_TEST(wakeup.wait_until(in_an_hour(), {}));
}

BOOST_AUTO_TEST_CASE(a_stop_wakes) {
  Wakeup wakeup;
  std::stop_source stop;
  std::jthread const other([&] { stop.request_stop(); });
  wakeup.wait_until(SteadyTime::max(), stop.get_token());
  wakeup.wait_until(in_an_hour(), stop.get_token());  // requested already
}

BOOST_AUTO_TEST_CASE(a_passed_time_does_not_wait) {
  Wakeup wakeup;
  BOOST_TEST(!wakeup.wait_until(kClock.steady() - hours(1), {}));
  wakeup.wait_until(SteadyTime::min(), {});
}

BOOST_AUTO_TEST_CASE(the_far_future_is_not_the_past) {
  for (SteadyTime const until :
       {SteadyTime::max(), SteadyTime::max() - hours(1), SteadyTime(SteadyTime::max() - kClock.steady())}) {
    Wakeup wakeup;
    std::atomic<bool> notified = false;
    std::jthread const other([&] {
      std::this_thread::yield();
      notified = true;
      wakeup.notify();
    });
    wakeup.wait_until(until, {});
    BOOST_TEST(notified);
  }
}

BOOST_AUTO_TEST_SUITE_END()
