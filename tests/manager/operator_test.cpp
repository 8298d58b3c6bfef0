// The operator as the thing that decides what is looked at, and when.
#include "controller/manager/operator.hpp"

#include <functional>
#include <stdexcept>
#include <utility>

#include <boost/test/unit_test.hpp>

#include "tests/reconcilers/simulated.hpp"

namespace trainyard::manager {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A program that is broken where it lists.
struct BrokenWire final : HttpTransport {
  explicit BrokenWire(HttpTransport& wire) : wire_(wire) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    if (request.url.find("/computes?") != std::string::npos) {
      if (broken) throw std::logic_error("a bug");
      if (auto const now = std::exchange(meanwhile, nullptr)) now();
    }
    return wire_.send(request, context);
  }
  bool broken = false;
  std::function<void()> meanwhile;  // done once, while a list is under way

 private:
  HttpTransport& wire_;
};

struct Managed : reconcilers::Simulated {
  BrokenWire breakable{transport};
  Operator op{[this]() -> reconcilers::Parts const& {
    bench.transport_for = [this](azure::Cloud const&) -> HttpTransport& { return breakable; };
    return bench;
  }()};

  /// The store of these tests tells of no changes: the operator is told by a start.
  void work(Duration span) {
    op.start();
    for (Duration past{0}; past <= span; past += seconds(1)) {
      for (int steps = 0; op.step({}); ++steps) BOOST_REQUIRE(steps < 1000);
      azure_clock.advance(seconds(1));
      clock.advance(seconds(1));
      sim.tick();
    }
  }
};

BOOST_AUTO_TEST_SUITE(operators)

BOOST_FIXTURE_TEST_CASE(a_bug_in_a_list_ends_nothing_and_the_next_list_comes, Managed) {
  breakable.broken = true;
  ObjectKey const ml = workspace(), cpu = cluster();
  work(seconds(30));
  BOOST_TEST(lines.find("a bug") != std::string::npos);
  BOOST_TEST(is(ml, "Ready"));
  BOOST_TEST(!is(cpu, "Ready"));
  breakable.broken = false;
  work(minutes(2));
  BOOST_TEST(is(cpu, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(the_first_list_is_asked_for_once, Managed) {
  workspace();
  op.start();
  while (asked("GET", "/computes") == 0) BOOST_REQUIRE(op.step({}));
  while (op.step({})) continue;
  BOOST_TEST(asked("GET", "/computes") == 1);
}

BOOST_FIXTURE_TEST_CASE(nobody_spins_while_a_list_takes_long, Managed) {
  workspace();
  cluster();
  bool looked = false;
  breakable.meanwhile = [&] {
    clock.advance(minutes(1));
    while (op.step({})) continue;  // another worker
    std::optional<SteadyTime> const due = op.next_due();
    BOOST_TEST((!due || *due > clock.steady()));
    looked = true;
  };
  work(seconds(5));
  BOOST_TEST(looked);
}

BOOST_FIXTURE_TEST_CASE(a_start_visits_what_is_not_due_yet, Managed) {
  ObjectKey const ml = workspace();
  store.secrets["azure/secret"] = "stale";
  work(seconds(5));
  BOOST_REQUIRE(is(ml, "Stalled"));
  store.secrets["azure/secret"] = options.secret;
  work(seconds(5));
  BOOST_TEST(is(ml, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(a_superseded_attempt_that_changed_wakes_its_run, Managed) {
  workspace();
  cluster();
  ObjectKey const fit = run();
  work(minutes(2));
  BOOST_REQUIRE(status(fit, "phase") == "Running");
  std::string const job = status(fit, "runName");
  // As if the status spoke of another attempt: the job's end is its run's business all the same.
  Json other = store.get(fit)->status;
  other["runName"] = "ty-other";
  other["conditions"] = Json::array();
  store.set_status(fit, other);
  end_job(job, 0);
  for (int i = 0; i < 6; ++i) {
    azure_clock.advance(seconds(1));
    clock.advance(seconds(1));
    sim.tick();
    while (op.step({})) continue;
  }
  BOOST_TEST(store.get(fit)->status.at("conditions").items().size() > 0U);
}

BOOST_FIXTURE_TEST_CASE(jobs_are_listed_from_the_moment_that_a_run_is_there, Managed) {
  workspace();
  cluster();
  work(minutes(5));
  BOOST_TEST(asked("GET", "/jobs") == 0);
  auto const lists = [&](std::string_view what) {
    return std::count_if(requests.begin(), requests.end(),
                         [&](azsim::Logged const& one) { return one.operation == what; });
  };
  auto const before = lists("computes.list");
  ObjectKey const fit = run();
  op.start();
  while (op.step({})) {  // no time passes
    clock.advance(Duration(1));
    azure_clock.advance(Duration(1));
  }
  BOOST_TEST(lists("jobs.list") == 1);
  BOOST_TEST(lists("computes.list") == before + 1);
  work(minutes(1));
  BOOST_TEST(status(fit, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(what_an_object_refers_to_wakes_it_and_nobody_else, Managed) {
  ObjectKey const ml = workspace(),
                  here = store.apply("ComputeTarget", "here", *Json::parse(R"({"local": {}})"));
  ObjectKey const fit = store.apply("TrainingRun", "fit", *Json::parse(R"({"computeTarget": "here",
      "source": {"configMap": {"name": "files"}}, "script": {"file": "train.py"}})"));
  store.secrets["azure/secret"] = "stale";
  sources.missing = true;
  work(seconds(5));
  BOOST_REQUIRE(is(ml, "Stalled"));
  BOOST_REQUIRE(is(fit, "Stalled"));
  store.secrets["azure/secret"] = options.secret;
  sources.missing = false;
  auto const changed = [&](ObjectKey const& key) {
    store.changes = {key};
    for (int steps = 0; op.step({}); ++steps) BOOST_REQUIRE(steps < 100);
  };
  changed({"ConfigMap", "default", "azure"});
  changed({"ConfigMap", "elsewhere", "files"});
  changed({"Secret", "default", "files"});
  BOOST_TEST(is(ml, "Stalled"));
  BOOST_TEST(is(fit, "Stalled"));
  changed({"ConfigMap", "default", "files"});
  BOOST_TEST(runner.started.size() == 1U);
  BOOST_TEST(is(ml, "Stalled"));
  changed({"Secret", "default", "azure"});
  BOOST_TEST(is(ml, "Ready"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::manager
