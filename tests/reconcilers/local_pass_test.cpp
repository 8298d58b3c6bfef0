// TrainingRuns on this machine: passes from apply to gone.
#include <boost/test/unit_test.hpp>

#include "tests/reconcilers/fakes.hpp"

namespace trainyard::reconcilers {
namespace {

using std::chrono::minutes;

Json run_spec(std::string const& argument = "1", std::string const& target = "here") {
  return Json::object(
      {{"computeTarget", target},
       {"source", Json::object({{"directory", "src"}})},
       {"script", Json::object({{"file", "train.py"}, {"arguments", Json(Json::Array{argument})}})}});
}

struct Local : Bench {
  ObjectKey here = store.apply("ComputeTarget", "here", Json::object({{"local", Json::object()}}));
  Local() { settle(here); }
  ObjectKey fit() {
    ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
    settle(key);
    return key;
  }
};

BOOST_AUTO_TEST_SUITE(local_passes)

BOOST_FIXTURE_TEST_CASE(the_finalizer_comes_first_and_the_intent_before_the_start, Local) {
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
  BOOST_TEST((pass(key).next == Outcome::Next::Soon));
  BOOST_TEST(store.get(key)->has_finalizer(kFinalizer));
  BOOST_TEST(runner.started.empty());
  bool told = false;
  runner.before_start = [&] { told = !store.get(key)->status.at("doubts").items().empty(); };
  settle(key);
  BOOST_REQUIRE_EQUAL(runner.started.size(), 1U);
  BOOST_TEST(told);
  BOOST_TEST(store.get(key)->status.at("doubts").items().empty());
}

BOOST_FIXTURE_TEST_CASE(a_run_that_ends_well_is_ready_and_then_nothing_is_written, Local) {
  ObjectKey const key = fit();
  BOOST_TEST(is(key, "Reconciling"));
  runner.last().metrics["loss"] = 0.5;
  runner.end(0);
  settle(key);
  BOOST_TEST(is(key, "Ready"));
  BOOST_TEST(reason(key) == "Completed");
  BOOST_TEST(store.get(key)->status.at({"metrics", "loss"}).number_or(0) == 0.5);
  int const writes = store.status_writes;
  std::size_t const events = store.events.size();
  settle(key);
  BOOST_TEST(store.status_writes == writes);
  BOOST_TEST(store.events.size() == events);
}

BOOST_FIXTURE_TEST_CASE(a_script_that_fails_is_stalled_with_its_exit_code, Local) {
  ObjectKey const key = fit();
  runner.last().log_tail = {"Traceback", "ValueError: no"};
  runner.end(3);
  settle(key);
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(!is(key, "Ready"));
  BOOST_TEST(store.get(key)->status.at("exitCode").integer_or(0) == 3);
  BOOST_TEST(runner.started.size() == 1U);
  BOOST_TEST(warnings("Failed") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_failure_of_a_listed_class_is_the_next_attempt, Local) {
  Json spec = run_spec();
  spec["retry"] = *Json::parse(R"({"limit":1,"onFailure":["UserCode"]})");
  ObjectKey const key = store.apply("TrainingRun", "fit", spec);
  settle(key);
  runner.end(1);
  settle(key);
  BOOST_REQUIRE_EQUAL(runner.started.size(), 2U);
  BOOST_TEST(runner.started[1].name.ends_with("-a1"));
  runner.end(1);
  settle(key);
  BOOST_TEST(runner.started.size() == 2U);
  BOOST_TEST(is(key, "Stalled"));
}

BOOST_FIXTURE_TEST_CASE(suspension_ends_the_run_and_resumption_is_the_next_attempt, Local) {
  ObjectKey const key = fit();
  Json spec = run_spec();
  spec["suspend"] = true;
  store.apply("TrainingRun", "fit", spec);
  settle(key);
  BOOST_TEST(runner.last().cancel_reason == "Suspended");
  runner.end(143);
  settle(key);
  BOOST_TEST(reason(key) == "Suspended");
  store.apply("TrainingRun", "fit", run_spec());
  settle(key);
  BOOST_REQUIRE_EQUAL(runner.started.size(), 2U);
  BOOST_TEST(runner.started[1].name.ends_with("-a1"));
}

BOOST_FIXTURE_TEST_CASE(an_edit_waits_for_the_end_of_what_it_supersedes, Local) {
  ObjectKey const key = fit();
  store.apply("TrainingRun", "fit", run_spec("2"));
  settle(key);
  BOOST_TEST(runner.last().cancel_reason == "Superseded");
  BOOST_TEST(runner.started.size() == 1U);
  runner.end(143);
  settle(key);
  BOOST_REQUIRE_EQUAL(runner.started.size(), 2U);
  BOOST_TEST(runner.started[1].arguments[0] == "2");
}

BOOST_FIXTURE_TEST_CASE(a_deletion_waits_for_the_end, Local) {
  ObjectKey const key = fit();
  store.remove(key);
  settle(key);
  BOOST_TEST(runner.last().cancel_reason == "Deleted");
  BOOST_TEST((store.get(key) != nullptr));
  store.remove(here);
  settle(here);
  BOOST_TEST((store.get(here) != nullptr));  // held by the run
  runner.end(143);
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
  settle(here);
  BOOST_TEST((store.get(here) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_run_that_never_had_its_target_can_be_deleted, Bench) {
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec("1", "nowhere"));
  settle(key);
  BOOST_TEST(reason(key) == "TargetNotFound");
  BOOST_TEST(is(key, "Stalled"));
  store.remove(key);
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_run_that_waited_for_its_target_can_be_deleted, Local) {
  store.set_status(here, Json::object());  // there, and not ready
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
  settle(key);
  BOOST_TEST(reason(key) == "WaitingForTarget");
  store.remove(here);  // its revision is known, and no place to seek it in
  settle(here);
  BOOST_REQUIRE((store.get(here) == nullptr));
  store.remove(key);
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_lost_workspace_holds_a_deletion_for_ten_minutes_only, Local) {
  ObjectKey const key = fit();
  runner.end(0);
  settle(key);
  Json status = store.get(key)->status;
  status["runPlace"] = "Workspace/default/gone";
  status["history"] = Json(Json::Array{});
  status["finished"] = Json(Json::Array{});
  store.set_status(key, status);
  store.remove(here);
  settle(here);
  store.remove(key);
  Outcome const outcome = settle(key);
  BOOST_REQUIRE(store.get(key));
  BOOST_TEST((outcome.next == Outcome::Next::After && outcome.delay <= minutes(10)));
  BOOST_TEST(warnings("Forgotten") == 0);
  clock.advance(minutes(10));
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
  BOOST_TEST(warnings("Forgotten") == 1);
}

BOOST_FIXTURE_TEST_CASE(an_edit_that_cannot_be_resolved_is_told_while_the_old_run_is_looked_after, Local) {
  ObjectKey const key = fit();
  store.apply("TrainingRun", "fit", run_spec("1", "nowhere"));
  settle(key);
  BOOST_TEST(reason(key) == "TargetNotFound");
  runner.end(0);
  settle(key);
  BOOST_TEST(reason(key) == "TargetNotFound");  // Completed speaks of another spec
  BOOST_TEST(!is(key, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(a_source_that_vanishes_after_the_end_takes_no_ready_away, Local) {
  ObjectKey const key = fit();
  runner.end(0);
  sources.missing = true;
  settle(key);
  BOOST_TEST(reason(key) == "Completed");
}

BOOST_FIXTURE_TEST_CASE(a_source_that_appears_ends_the_stall, Local) {
  sources.missing = true;
  ObjectKey const key = fit();
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(reason(key) == "SourceMissing");
  sources.missing = false;  // the store wakes every key when files change
  settle(key);
  BOOST_TEST(runner.started.size() == 1U);
  BOOST_TEST(!is(key, "Stalled"));
}

BOOST_FIXTURE_TEST_CASE(an_interrupted_run_says_how_to_run_it_again, Local) {
  ObjectKey const key = fit();
  runner.last().state = LocalRun::State::Interrupted;
  settle(key);
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(store.get(key)->status.text("failureMessage").find("restarted-at") != std::string::npos);
  BOOST_TEST(runner.started.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_a_run_waits_for_is_told_for_as_long_as_it_may_wait, Local) {
  Json spec = run_spec();
  spec["queueTimeout"] = "10m";
  ObjectKey const key = store.apply("TrainingRun", "fit", spec);
  settle(key);
  runner.last().started_at = "";
  runner.last().submitted_at = to_rfc3339(clock.wall());
  runner.last().why = "ImagePullBackOff: there is none";
  settle(key);
  BOOST_TEST(message(key).ends_with("is being prepared: ImagePullBackOff: there is none"), message(key));
  BOOST_TEST(runner.last().cancel_reason.empty());
  clock.advance(minutes(11));
  settle(key);
  BOOST_TEST(runner.last().cancel_reason == "QueueTimeout");
}

BOOST_FIXTURE_TEST_CASE(what_ended_a_script_is_told, Local) {
  ObjectKey const key = fit();
  runner.last().why = "OOMKilled";
  runner.end(137);
  settle(key);
  BOOST_TEST(store.get(key)->status.text("failureMessage") == "the script was ended by signal 9 (OOMKilled)");
}

BOOST_FIXTURE_TEST_CASE(a_script_that_never_began_is_told_so, Local) {
  ObjectKey const key = fit();
  runner.last().started_at = "";
  settle(key);
  runner.last().why = "StartError: no /bin/sh";
  runner.end(128);
  settle(key);
  BOOST_TEST(store.get(key)->status.text("failureMessage") ==
             "the script could not be started (StartError: no /bin/sh)");
}

BOOST_FIXTURE_TEST_CASE(a_run_that_was_stopped_keeps_its_start, Local) {
  ObjectKey const key = fit();
  std::string const start = runner.last().started_at;
  Json spec = run_spec();
  spec["suspend"] = true;
  store.apply("TrainingRun", "fit", spec);
  settle(key);
  runner.last().started_at = "";  // with its pod went whoever could tell
  settle(key);
  runner.last().state = LocalRun::State::Ended;
  settle(key);
  BOOST_TEST(store.get(key)->status.text("phase") == "Suspended");
  BOOST_TEST(store.get(key)->status.text("startedAt") == start);
}

BOOST_FIXTURE_TEST_CASE(a_request_to_look_is_answered, Local) {
  ObjectKey const key = fit();
  runner.end(0);
  settle(key);
  store.annotate(key, "trainyard.dev/reconcile-requested-at", "noon");
  settle(key);
  BOOST_TEST(store.get(key)->status.text("lastHandledReconcileAt") == "noon");
}

BOOST_FIXTURE_TEST_CASE(conditions_that_are_false_are_terse, Local) {
  ObjectKey const key = fit();
  runner.last().metrics["loss"] = 1.0 / 3;
  runner.end(0);
  settle(key);
  for (Json const& condition : store.get(key)->status.at("conditions").items()) {
    bool const ready = condition.text("type") == "Ready";
    BOOST_TEST(condition.text("message").empty() == !ready);
    BOOST_TEST(!condition.text("reason").empty());
    if (ready) BOOST_TEST(condition.text("message").ends_with("loss=0.3333"));
  }
}

BOOST_FIXTURE_TEST_CASE(somebody_elses_run_of_that_name_stalls, Local) {
  ObjectKey const key = fit();
  runner.last().owner = "somebody";
  settle(key);
  BOOST_TEST(reason(key) == "NameTaken");
  BOOST_TEST(is(key, "Stalled"));
}

BOOST_FIXTURE_TEST_CASE(another_stores_live_run_is_left_alone, Local) {
  ObjectKey const key = fit();
  runner.last().holder = "another";
  store.apply("TrainingRun", "fit", run_spec("2"));
  settle(key);
  BOOST_TEST(reason(key) == "AnotherController");
  BOOST_TEST(runner.last().cancel_reason == "");
  store.annotate(key, "trainyard.dev/takeover", "true");
  settle(key);
  BOOST_TEST(runner.last().cancel_reason == "Superseded");
}

BOOST_FIXTURE_TEST_CASE(an_edit_between_read_and_intent_stops_the_start, Local) {
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
  pass(key);
  bool done = false;
  store.before_status = [&] {
    if (!std::exchange(done, true)) store.apply("TrainingRun", "fit", run_spec("2"));
  };
  BOOST_TEST((pass(key).next == Outcome::Next::Soon));
  BOOST_TEST(runner.started.empty());
  settle(key);
  BOOST_REQUIRE_EQUAL(runner.started.size(), 1U);
  BOOST_TEST(runner.started[0].arguments[0] == "2");
}

BOOST_FIXTURE_TEST_CASE(a_store_that_cannot_write_backs_off, Local) {
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
  pass(key);
  store.broken = true;
  BOOST_TEST((pass(key).next == Outcome::Next::Backoff));
  BOOST_TEST(runner.started.empty());
}

BOOST_FIXTURE_TEST_CASE(paused_means_nothing_is_started, Local) {
  ObjectKey const key = store.apply("TrainingRun", "fit", run_spec());
  store.annotate(key, "trainyard.dev/reconcile", "paused");
  settle(key);
  BOOST_TEST(reason(key) == "Paused");
  BOOST_TEST(runner.started.empty());
  store.annotate(key, "trainyard.dev/reconcile", "");
  settle(key);
  BOOST_TEST(runner.started.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
