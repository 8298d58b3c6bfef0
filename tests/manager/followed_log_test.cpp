// The log of a run in Azure while somebody follows it: read beside the passes, and no longer than it is asked
// for.
#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "controller/manager/operator.hpp"
#include "tests/reconcilers/simulated.hpp"

namespace trainyard::manager {
namespace {

using reconcilers::KeptLog;
using std::chrono::minutes;
using std::chrono::seconds;

/// One run's.
struct FakeLogs final : reconcilers::RunLogs {
  Result<Found> find(StoredObject const&, Context const&) override {
    if (taken) return Error{.kind = ErrorKind::Conflict, .reason = "LogMapTaken", .message = "not ours"};
    return Found{.log = log, .version = std::to_string(writes)};
  }
  Result<Done> keep(StoredObject const&, KeptLog const& next, std::string const& version,
                    Context const&) override {
    BOOST_TEST(version == std::to_string(writes));
    log = next;
    ++writes;
    return Done{};
  }
  KeptLog log;
  int writes = 0;
  bool taken = false;
};

struct Followed : reconcilers::Simulated {
  FakeLogs logs;
  Operator op{[this]() -> reconcilers::Parts const& {
    bench.logs = &logs;
    return bench;
  }()};
  ObjectKey fit;

  void work(Duration span) {
    for (Duration past{0}; past < span; past += seconds(1)) {
      for (int steps = 0; op.step({}); ++steps) BOOST_REQUIRE(steps < 1000);
      azure_clock.advance(seconds(1));
      clock.advance(seconds(1));
      sim.tick();
    }
  }
  void train() {
    workspace();
    cluster();
    fit = run();
    op.start();
    work(minutes(3));
    BOOST_REQUIRE(status(fit, "phase") == "Running");
  }
  std::string ask() {
    std::string const now = to_rfc3339(clock.wall());
    store.annotate(fit, reconcilers::kFollowLogs, now);
    store.changes = {fit};
    return now;
  }
  void print(std::string const& text) { executor.running.at(status(fit, "runName")).log += text; }
  int looks() {
    return static_cast<int>(std::count_if(requests.begin(), requests.end(), [](azsim::Logged const& one) {
      return one.path.ends_with("std_log.txt");
    }));
  }
};

BOOST_AUTO_TEST_SUITE(followed_log)

BOOST_FIXTURE_TEST_CASE(it_is_kept_until_the_end_of_the_run, Followed) {
  train();
  Json const told = store.get(fit)->status;
  int const writes = store.status_writes;
  print("one\nha");
  work(seconds(30));
  BOOST_TEST(logs.writes == 0);  // nobody asked

  std::string const asked = ask();
  work(seconds(3));
  BOOST_TEST(logs.log.text == "one\n");
  BOOST_TEST(logs.log.run == status(fit, "runName"));
  BOOST_TEST(logs.log.answered == asked);
  print("lf\n");
  work(seconds(6));
  BOOST_TEST(logs.log.text == "one\nhalf\n");
  BOOST_TEST(logs.writes == 2);  // once for each thing that was new
  BOOST_TEST((store.get(fit)->status == told));
  BOOST_TEST(store.status_writes == writes);

  print("the end");
  end_job(status(fit, "runName"), 0);
  work(seconds(30));
  BOOST_TEST(logs.log.text == "one\nhalf\nthe end");
  BOOST_TEST(logs.log.complete);
  int const before = looks();
  work(seconds(30));
  BOOST_TEST(looks() == before);  // there is no more to come
}

BOOST_FIXTURE_TEST_CASE(it_is_read_no_longer_than_it_is_asked_for, Followed) {
  train();
  ask();
  work(minutes(1));
  int const before = looks();
  BOOST_TEST(before >= 10);
  print("more\n");
  work(minutes(2));
  BOOST_TEST(looks() <= before + 1);
  BOOST_TEST(logs.log.text.empty());
}

BOOST_FIXTURE_TEST_CASE(another_attempt_has_a_log_of_its_own, Followed) {
  train();
  print("first\n");
  ask();
  work(seconds(6));
  BOOST_TEST(logs.log.text == "first\n");
  store.annotate(fit, "trainyard.dev/restarted-at", "now");
  store.changes = {fit};
  work(minutes(3));
  print("second\n");
  ask();
  work(seconds(6));
  BOOST_TEST(logs.log.run == status(fit, "runName"));
  BOOST_TEST(logs.log.text == "second\n");
  BOOST_TEST(logs.log.offset == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_keeps_it_from_being_read_is_told_unless_it_passes, Followed) {
  train();
  print("one\n");
  sim.add_fault({.operation = "runs.details", .status = 500});
  ask();
  work(seconds(3));
  BOOST_TEST(logs.writes == 0);
  work(seconds(5));
  BOOST_TEST(logs.log.text == "one\n");
  sim.add_fault({.operation = "runs.details", .status = 403});
  print("two\n");
  work(seconds(5));
  BOOST_TEST(logs.log.problem.find("looking for the log") != std::string::npos);
  work(seconds(5));
  BOOST_TEST(logs.log.problem == "");
  BOOST_TEST(logs.log.text == "one\ntwo\n");

  logs.taken = true;
  print("three\n");
  work(seconds(5));
  BOOST_TEST(lines.find("could not be kept") != std::string::npos);
  BOOST_TEST(logs.log.text == "one\ntwo\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::manager
