#include "tests/sim/fibers.hpp"

#include <mutex>

#include <boost/test/unit_test.hpp>

namespace trainyard::sim {

using std::chrono::seconds;

namespace {

struct Strands {
  FakeClock clock{WallTime{}};
  SeededRandom random{1};
  Fibers fibers{clock, random};
  std::string told;

  void run() {
    for (;;) {
      while (fibers.step()) {
      }
      SteadyTime const next = fibers.next_wake();
      if (next == SteadyTime::max()) return;
      clock.advance(next - clock.steady());
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fibers, Strands)

BOOST_AUTO_TEST_CASE(sleepers_wake_in_the_order_of_their_times) {
  for (int const each : {3, 1, 2})
    fibers.start("test", std::to_string(each), [this, each] {
      fibers.sleep(seconds(each));
      told += fibers.current();
    });
  run();
  BOOST_TEST(told == "test.1test.2test.3");
  BOOST_TEST((clock.steady() == SteadyTime(seconds(3))));
}

BOOST_AUTO_TEST_CASE(the_seed_decides_who_goes_on) {
  auto const story = [](std::uint64_t seed) {
    Strands stage;
    stage.random = SeededRandom(seed);
    for (char const each : {'a', 'b', 'c'})
      stage.fibers.start("test", std::string(1, each), [&stage, each] {
        for (int i = 0; i < 5; ++i) {
          stage.told += each;
          stage.fibers.yield();
        }
      });
    stage.run();
    return stage.told;
  };
  BOOST_TEST(story(1) == story(1));
  BOOST_TEST(story(1) != story(2));
  BOOST_TEST(story(1).size() == 15U);
}

BOOST_AUTO_TEST_CASE(an_idle_strand_looks_again_when_another_has_done_something) {
  bool work = false;
  fibers.start("test", "worker", [&] {
    while (!work) fibers.wait_for_work(SteadyTime::max());
    told = "done";
  });
  while (fibers.step()) {
  }
  BOOST_TEST(told.empty());
  fibers.start("test", "user", [&] {
    work = true;
    fibers.yield();
  });
  run();
  BOOST_TEST(told == "done");
}

BOOST_AUTO_TEST_CASE(dropped_strands_unwind_and_do_not_go_on) {
  struct Tell {
    std::string& told;
    ~Tell() { told += "unwound "; }
  };
  fibers.start("test", "sleeper", [this] {
    Tell const tell{told};
    fibers.sleep(seconds(1));
    told += "went on ";
  });
  BOOST_TEST(fibers.step());
  fibers.start("test", "late", [this] { told += "began "; });
  fibers.drop("test");
  BOOST_TEST(told == "unwound ");
  BOOST_TEST(!fibers.step());
}

BOOST_AUTO_TEST_CASE(a_strand_may_drop_another_and_goes_on) {
  struct Tell {
    std::string& told;
    ~Tell() { told += "unwound "; }
  };
  Fibers::Id const other = fibers.start("test", "other", [this] {
    Tell const tell{told};
    fibers.sleep(seconds(5));
    told += "went on ";
  });
  BOOST_TEST(fibers.step());
  fibers.start("test", "dropper", [this, other] {
    fibers.drop(other);
    told += fibers.current();
    fibers.sleep(seconds(1));
    fibers.drop(other);  // it is not there any more
    told += " done";
  });
  run();
  BOOST_TEST(told == "unwound test.dropper done");
  BOOST_TEST((clock.steady() == SteadyTime(seconds(1))));
}

BOOST_AUTO_TEST_CASE(a_strand_waits_until_something_holds) {
  bool holds = false;
  fibers.start("test", "waiter", [&] {
    fibers.wait_for([&] { return holds; }, SteadyTime(seconds(10)));
    told += holds ? "holds " : "late ";
    fibers.wait_for([] { return false; }, SteadyTime(seconds(10)));
    told += "late";
  });
  fibers.start("test", "maker", [&] {
    fibers.sleep(seconds(1));
    holds = true;
  });
  run();
  BOOST_TEST(told == "holds late");
  BOOST_TEST((clock.steady() == SteadyTime(seconds(10))));
}

BOOST_AUTO_TEST_CASE(a_lock_held_while_waiting_is_caught) {
  std::mutex mutex;
  fibers.start("test", "holder", [&] {
    std::lock_guard const lock(mutex);
    BOOST_CHECK_THROW(fibers.yield(), std::logic_error);
  });
  run();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::sim
