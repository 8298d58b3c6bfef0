#include "controller/manager/work_queue.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace trainyard;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using trainyard::manager::WorkQueue;

namespace {

constexpr SteadyTime kStart{hours(1)};
SystemClock const kClock;

ObjectKey key(std::string name) { return {"TrainingRun", "default", std::move(name)}; }

/// Gives what it is told to.
struct ToldRandom final : Random {
  std::uint64_t next() override { return number; }
  std::uint64_t number = 0;
};

struct Fixture {
  ToldRandom random;
  Metrics metrics;
  WorkQueue queue{random, metrics};

  /// The names of all that is due by `now`, in the order they are handed out; each visit ends at once.
  std::string drain(SteadyTime now) {
    std::string names;
    while (std::optional<ObjectKey> const next = queue.pop_ready(now)) {
      names += next->name;
      queue.done(*next, kStart);
    }
    return names;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(work_queue, Fixture)

BOOST_AUTO_TEST_CASE(the_longest_due_comes_first) {
  queue.add(key("c"), kStart + seconds(2));
  queue.add(key("b"), kStart + seconds(3));
  queue.add(key("a"), kStart + seconds(2));
  queue.add(key("d"), kStart);
  BOOST_TEST(drain(kStart - milliseconds(1)) == "");
  BOOST_TEST(drain(kStart) == "d");
  BOOST_TEST(drain(kStart + seconds(10)) == "acb");
}

BOOST_AUTO_TEST_CASE(the_earlier_time_counts) {
  queue.add(key("a"), kStart + seconds(5));
  queue.add(key("a"), kStart + seconds(9));
  BOOST_TEST((queue.next_due() == kStart + seconds(5)));
  queue.add(key("a"), kStart + seconds(1));
  BOOST_TEST((queue.next_due() == kStart + seconds(1)));
  BOOST_TEST(queue.size() == 1U);
  BOOST_TEST(drain(kStart + seconds(9)) == "a");
  BOOST_TEST(queue.size() == 0U);
  BOOST_TEST(!queue.next_due());
}

BOOST_AUTO_TEST_CASE(none_is_handed_out_twice_at_once) {
  queue.add(key("a"), kStart);
  BOOST_TEST(!queue.visiting());
  BOOST_REQUIRE(queue.pop_ready(kStart));
  BOOST_TEST(queue.visiting());
  queue.add(key("a"), kStart + seconds(4));
  queue.add(key("a"), kStart + seconds(2));
  queue.add(key("a"), kStart + seconds(3));
  BOOST_TEST(!queue.pop_ready(kStart + hours(1)));
  BOOST_TEST(!queue.next_due());
  queue.done(key("a"), kStart);
  BOOST_TEST(!queue.visiting());
  BOOST_TEST((queue.next_due() == kStart + seconds(2)));
  BOOST_TEST(drain(kStart + hours(1)) == "a");  // once for all that was asked meanwhile
}

BOOST_AUTO_TEST_CASE(a_visit_that_nobody_asked_again_is_the_last) {
  queue.add(key("a"), kStart);
  BOOST_TEST(drain(kStart) == "a");
  BOOST_TEST(drain(kStart + hours(1)) == "");
}

BOOST_AUTO_TEST_CASE(quiet_is_nothing_visited_and_nothing_due) {
  BOOST_TEST(queue.quiet(kStart));
  queue.add(key("a"), kStart);
  BOOST_TEST(queue.quiet(kStart - milliseconds(1)));
  BOOST_TEST(!queue.quiet(kStart));
  BOOST_REQUIRE(queue.pop_ready(kStart));
  BOOST_TEST(!queue.quiet(kStart));
  queue.done(key("a"), kStart);
  BOOST_TEST(queue.quiet(kStart));
}

BOOST_AUTO_TEST_CASE(failures_wait_longer_each_time) {
  SteadyTime now = kStart;
  queue.add(key("a"), now);
  auto const fail = [&] {
    BOOST_REQUIRE(queue.pop_ready(now));
    queue.done_failed(key("a"), now);
    Duration const wait = queue.next_due().value() - now;
    now += wait;
    return wait;
  };
  for (int const expected : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300, 300, 300})
    BOOST_TEST((fail() == seconds(expected)), expected);

  BOOST_REQUIRE(queue.pop_ready(now));
  queue.done(key("a"), kStart);  // forgets them
  queue.add(key("a"), now);
  BOOST_TEST((fail() == seconds(1)));
}

BOOST_AUTO_TEST_CASE(chance_takes_off_a_fifth_at_most) {
  for (std::uint64_t const number : {0ULL, 100ULL, 200ULL, 201ULL, 12345678901234567ULL, ~0ULL}) {
    random.number = number;
    std::string const name = std::to_string(number);
    queue.add(key(name), kStart);
    BOOST_REQUIRE(queue.pop_ready(kStart));
    queue.done_failed(key(name), kStart);
    Duration const wait = queue.next_due().value() - kStart;
    BOOST_TEST((wait <= seconds(1) && wait >= milliseconds(800)), name);
    BOOST_TEST((wait == seconds(1) - milliseconds(number % 201)), name);
    drain(kStart + seconds(1));
  }
}

BOOST_AUTO_TEST_CASE(failures_are_counted_for_each_key) {
  for (std::string const name : {"a", "b"}) queue.add(key(name), kStart);
  for (std::string const name : {"a", "b"}) {
    BOOST_REQUIRE(queue.pop_ready(kStart) == key(name));
    queue.done_failed(key(name), kStart);
  }
  BOOST_REQUIRE(queue.pop_ready(kStart + seconds(1)) == key("a"));
  queue.done_failed(key("a"), kStart + seconds(1));
  BOOST_TEST(drain(kStart + seconds(2)) == "b");
  BOOST_TEST(drain(kStart + seconds(3)) == "a");
}

BOOST_AUTO_TEST_CASE(what_was_asked_during_a_failed_visit_does_not_wait) {
  queue.add(key("a"), kStart);
  BOOST_REQUIRE(queue.pop_ready(kStart));
  queue.add(key("a"), kStart + milliseconds(10));
  queue.done_failed(key("a"), kStart);
  BOOST_TEST((queue.next_due() == kStart + milliseconds(10)));

  BOOST_REQUIRE(queue.pop_ready(kStart + milliseconds(10)));
  queue.add(key("a"), kStart + hours(1));
  queue.done_failed(key("a"), kStart);
  BOOST_TEST((queue.next_due() == kStart + seconds(2)));
}

BOOST_AUTO_TEST_CASE(a_visit_that_had_not_begun_cannot_end) {
  BOOST_CHECK_THROW(queue.done(key("a"), kStart), std::logic_error);
  BOOST_CHECK_THROW(queue.done_failed(key("a"), kStart), std::logic_error);
}

// Waits are for an hour or for ever: who returns was woken.
BOOST_AUTO_TEST_CASE(waiting) {
  SteadyTime const in_an_hour = kClock.steady() + hours(1);
  std::uint64_t seen = queue.changes();
  queue.add(key("a"), kStart);
  queue.wait(seen, in_an_hour, {});  // it has moved already

  BOOST_REQUIRE(queue.pop_ready(kStart));
  for (auto const& change : std::array<std::function<void()>, 4>{
           [&] { queue.done(key("a"), kStart); }, [&] { queue.add(key("a"), kStart); }, [&] { queue.wake(); },
           [&] {
             BOOST_REQUIRE(queue.pop_ready(kStart));
             queue.done_failed(key("a"), kStart);
           }}) {
    seen = queue.changes();
    std::jthread const other(change);
    queue.wait(seen, std::nullopt, {});
    BOOST_TEST(queue.changes() != seen);
  }
}

BOOST_AUTO_TEST_CASE(waiting_ends_at_its_time_and_at_the_stop) {
  SteadyTime const until = kClock.steady() + milliseconds(20);
  queue.wait(queue.changes(), until, {});
  BOOST_TEST((kClock.steady() >= until));

  for (std::optional<SteadyTime> const late : {std::optional<SteadyTime>{}, std::optional(SteadyTime::max()),
                                               std::optional(SteadyTime::max() - hours(1))}) {
    std::stop_source stop;
    std::jthread const other([&] { stop.request_stop(); });
    queue.wait(queue.changes(), late, stop.get_token());
    BOOST_TEST(stop.stop_requested());
  }
}

BOOST_AUTO_TEST_CASE(a_wake_wakes_all) {
  std::uint64_t const seen = queue.changes();
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back([&] { queue.wait(seen, std::nullopt, {}); });
  queue.wake();
}

BOOST_AUTO_TEST_CASE(many_workers_visit_each_key_alone_and_miss_nothing) {
  constexpr int kKeys = 7, kAsks = 2000;
  struct Subject {
    std::atomic<int> visitors = 0;
    std::atomic<int> asked = 0;  // how often, before the queue was told
    int seen = 0;                // of asked, at the last visit
  };
  std::array<Subject, kKeys> subjects;
  std::atomic<bool> together = false;
  std::stop_source stop;
  SeededRandom seeded(5);
  Metrics metrics_of_busy;
  WorkQueue busy(seeded, metrics_of_busy);
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&] {
      while (!stop.stop_requested()) {
        std::uint64_t const change = busy.changes();
        std::optional<ObjectKey> const next = busy.pop_ready(kStart);
        if (!next) {
          busy.wait(change, std::nullopt, stop.get_token());
          continue;
        }
        Subject& subject = subjects[static_cast<std::size_t>(std::stoi(next->name))];
        if (subject.visitors++ != 0) together = true;
        subject.seen = subject.asked;
        --subject.visitors;
        busy.done(*next, kStart);
      }
    });
  for (int n = 0; n < kAsks; ++n) {
    auto const at = static_cast<std::size_t>(n % kKeys);
    ++subjects[at].asked;
    busy.add(key(std::to_string(at)), kStart);
  }
  while (!busy.quiet(kStart)) std::this_thread::yield();  // a waiter here could take a worker's wake-up
  stop.request_stop();
  workers.clear();
  BOOST_TEST(!together);
  for (Subject const& subject : subjects) BOOST_TEST(subject.seen == subject.asked);
}

BOOST_AUTO_TEST_CASE(its_metrics_are_those_of_stock_dashboards) {
  auto const has = [&](std::string const& line) {
    BOOST_TEST(metrics.text().find(line + "\n") != std::string::npos, line + " is not in\n" + metrics.text());
  };
  queue.refresh_metrics(kStart);
  has("workqueue_depth{name=\"trainyard\"} 0");
  has("workqueue_adds_total{name=\"trainyard\"} 0");
  has("workqueue_retries_total{name=\"trainyard\"} 0");
  queue.add(key("a"), kStart);
  queue.add(key("b"), kStart + seconds(2));
  queue.add(key("later"), kStart + hours(1));
  queue.refresh_metrics(kStart + seconds(3));
  has("workqueue_depth{name=\"trainyard\"} 2");
  has("workqueue_adds_total{name=\"trainyard\"} 3");
  BOOST_REQUIRE(queue.pop_ready(kStart + seconds(3)));
  queue.refresh_metrics(kStart + seconds(7));
  has("workqueue_depth{name=\"trainyard\"} 1");
  has("workqueue_longest_running_processor_seconds{name=\"trainyard\"} 4");
  has("workqueue_queue_duration_seconds_sum{name=\"trainyard\"} 3");
  queue.done_failed(key("a"), kStart + seconds(8));
  queue.refresh_metrics(kStart + seconds(8));
  has("workqueue_retries_total{name=\"trainyard\"} 1");
  has("workqueue_unfinished_work_seconds{name=\"trainyard\"} 0");
  has("workqueue_work_duration_seconds_sum{name=\"trainyard\"} 5");
}

BOOST_AUTO_TEST_SUITE_END()
