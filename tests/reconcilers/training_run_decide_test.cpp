// The policy of a TrainingRun, case by case, as the exhaustive model of the design explored it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/training_run/decide.hpp"

namespace trainyard::reconcilers {
namespace {

using manifests::TrainingRunStatus;
using State = RunSeen::State;
using std::chrono::minutes;

WallTime const kNow = *parse_rfc3339("2026-01-02T03:04:05Z");
ObjectKey const kKey{"TrainingRun", "default", "fit"};

std::string name_a(std::int64_t attempt) { return run_name("c", kKey, "A", attempt); }
std::string name_b(std::int64_t attempt) { return run_name("c", kKey, "B", attempt); }

RunFacts facts() {
  RunFacts facts{.revision = "A", .place = "local", .holder = "h", .retry_on = {"Platform"}, .now = kNow};
  facts.listing = {.complete = true, .settled = true};
  facts.name_of = name_a;
  facts.attempt_of = [](std::string const& name) { return attempt_of(name, "c", kKey, "A"); };
  return facts;
}

RunSeen seen(std::string const& name, State state, std::string reason = "") {
  return {.name = name,
          .state = state,
          .owner = "o",
          .holder = "h",
          .revision = name.starts_with(name_a(0).substr(0, name_a(0).size() - 1)) ? "A" : "B",
          .reason = std::move(reason)};
}

void answer(RunFacts& f, std::string const& name, std::optional<RunSeen> what) {
  f.gets[name] = std::move(what);
  f.get_began[name] = kNow;
}

TrainingRunStatus status_at(std::string const& name) {
  TrainingRunStatus status;
  status.run_name = name;
  status.run_place = "local";
  status.seen = true;
  return status;
}

template <class T>
T const* is(RunDecision const& decision) {
  return std::get_if<T>(&decision.action);
}

BOOST_AUTO_TEST_SUITE(training_run_decide)

BOOST_AUTO_TEST_CASE(the_first_thing_is_to_look_for_the_first_attempt) {
  RunDecision const decision = decide(facts(), {});
  BOOST_REQUIRE(is<RunAct::Get>(decision));
  BOOST_TEST(is<RunAct::Get>(decision)->id.name == name_a(0));
}

BOOST_AUTO_TEST_CASE(nothing_is_sought_beyond_a_live_attempt) {
  RunFacts f = facts();
  answer(f, name_a(0), seen(name_a(0), State::Live));
  RunDecision const decision = decide(f, status_at(name_a(0)));
  BOOST_TEST(is<RunAct::Wait>(decision));
  BOOST_TEST(decision.top == name_a(0));
  answer(f, name_a(0), seen(name_a(0), State::Completed));
  BOOST_REQUIRE(is<RunAct::Get>(decide(f, status_at(name_a(0)))));  // beyond an ended one it is
}

BOOST_AUTO_TEST_CASE(attempts_that_waited_too_long_before_count_for_the_limit) {
  RunFacts f = facts();
  f.retry_limit = 1;
  f.retry_on = {"Capacity"};
  TrainingRunStatus status = status_at(name_a(1));
  status.history = {{.name = name_a(0),
                     .place = "local",
                     .revision = "A",
                     .outcome = "Canceled",
                     .reason = "QueueTimeout"}};
  answer(f, name_a(1), seen(name_a(1), State::Canceled, "QueueTimeout"));
  answer(f, name_a(2), std::nullopt);
  BOOST_TEST(!is<RunAct::Create>(decide(f, status)));
  f.retry_limit = 2;
  BOOST_TEST(is<RunAct::Create>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(absent_means_create_with_the_name_in_doubt) {
  RunFacts f = facts();
  answer(f, name_a(0), std::nullopt);
  RunDecision const decision = decide(f, {});
  BOOST_REQUIRE(is<RunAct::Create>(decision));
  BOOST_TEST(is<RunAct::Create>(decision)->id.name == name_a(0));
  BOOST_REQUIRE_EQUAL(decision.status.doubts.size(), 1U);
  BOOST_TEST(decision.status.doubts[0].name == name_a(0));
  BOOST_TEST(decision.status.run_name == name_a(0));
}

BOOST_AUTO_TEST_CASE(nothing_is_created_before_a_complete_list) {
  RunFacts f = facts();
  f.listing.complete = false;
  answer(f, name_a(0), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, {})));
}

BOOST_AUTO_TEST_CASE(nothing_is_created_while_suspended) {
  RunFacts f = facts();
  f.suspend = true;
  answer(f, name_a(0), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, {})));
}

BOOST_AUTO_TEST_CASE(what_its_user_cancels_is_ended_for_good) {
  RunFacts f = facts();
  f.cancel = name_a(0);
  f.retry_limit = 1;
  TrainingRunStatus const status = status_at(name_a(0));
  answer(f, name_a(0), seen(name_a(0), State::Live));
  RunDecision const reason = decide(f, status);
  BOOST_REQUIRE(is<RunAct::WriteReason>(reason));
  BOOST_TEST(is<RunAct::WriteReason>(reason)->reason == "User");
  answer(f, name_a(0), seen(name_a(0), State::Live, "User"));
  BOOST_TEST(is<RunAct::Cancel>(decide(f, status)));

  answer(f, name_a(1), std::nullopt);
  RunSeen failed = seen(name_a(0), State::Failed);
  failed.failure_class = "Platform";
  // It may have been ending for a reason that another attempt follows.
  for (RunSeen const& end :
       {seen(name_a(0), State::Canceled, "User"), seen(name_a(0), State::Canceled, "Suspended"), failed}) {
    answer(f, name_a(0), end);
    f.cancel = name_a(0);
    RunDecision const ended = decide(f, status);
    BOOST_TEST(is<RunAct::Wait>(ended));
    BOOST_TEST(ended.status.finished == std::vector<std::string>{"A"});
    f.cancel = name_b(0);  // another one is meant
    BOOST_TEST(!is<RunAct::Create>(decide(f, status)) == (end.reason == "User"));
  }
}

BOOST_AUTO_TEST_CASE(another_name_in_doubt_blocks_a_create_until_it_is_settled) {
  RunFacts f = facts();
  TrainingRunStatus status;
  status.doubts.push_back({.name = name_b(0), .place = "local", .at = to_rfc3339(kNow - minutes(4))});
  answer(f, name_a(0), std::nullopt);
  answer(f, name_b(0), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
  status.doubts[0].at = to_rfc3339(kNow - minutes(5));  // the GET began `settle` later: it never landed
  BOOST_TEST(is<RunAct::Create>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(a_doubtful_attempt_that_is_seen_is_the_run) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_a(0));
  status.doubts.push_back({.name = name_a(0), .place = "local", .at = to_rfc3339(kNow)});
  answer(f, name_a(0), seen(name_a(0), State::Live));
  answer(f, name_a(1), std::nullopt);
  RunDecision const decision = decide(f, status);
  BOOST_TEST(is<RunAct::Wait>(decision));
  BOOST_TEST(decision.status.doubts.empty());
  BOOST_TEST(decision.status.run_name == name_a(0));
}

BOOST_AUTO_TEST_CASE(the_same_name_may_be_put_again_while_it_is_in_doubt) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_a(0));
  status.doubts.push_back({.name = name_a(0), .place = "local", .at = to_rfc3339(kNow)});
  answer(f, name_a(0), std::nullopt);
  RunDecision const decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::Create>(decision));
  BOOST_TEST(is<RunAct::Create>(decision)->id.name == name_a(0));
}

BOOST_AUTO_TEST_CASE(a_run_once_seen_and_gone_was_deleted_by_hand_and_is_final) {
  RunFacts f = facts();
  answer(f, name_a(0), std::nullopt);
  RunDecision const decision = decide(f, status_at(name_a(0)));
  BOOST_REQUIRE(is<RunAct::Record>(decision));
  BOOST_TEST(decision.status.finished == std::vector<std::string>{"A"}, boost::test_tools::per_element());
  BOOST_TEST(decision.status.history.back().outcome == "Deleted");
  BOOST_TEST(is<RunAct::Wait>(decide(f, decision.status)));  // and stays so
}

BOOST_AUTO_TEST_CASE(the_history_too_remembers_that_a_run_was_there) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_b(0));  // another revision was wanted meanwhile
  status.history.push_back({.name = name_a(0),
                            .place = "local",
                            .revision = "A",
                            .outcome = "Completed",
                            .started_at = to_rfc3339(kNow)});
  status.history.push_back({.name = name_b(0), .place = "local", .revision = "B", .outcome = "Completed"});
  answer(f, name_a(0), std::nullopt);
  RunDecision const decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::Record>(decision));
  BOOST_REQUIRE_EQUAL(decision.status.history.size(), 2U);
  BOOST_TEST(decision.status.history.back().name == name_a(0));
  BOOST_TEST(decision.status.history.back().outcome == "Deleted");
  BOOST_TEST(decision.status.history.back().started_at == to_rfc3339(kNow));
}

BOOST_AUTO_TEST_CASE(a_run_deleted_by_hand_while_another_revision_is_wanted_is_remembered) {
  RunFacts f = facts();
  answer(f, name_a(0), std::nullopt);
  answer(f, name_b(0), std::nullopt);
  RunDecision decision = decide(f, status_at(name_b(0)));
  BOOST_REQUIRE(is<RunAct::Create>(decision));
  BOOST_REQUIRE_EQUAL(decision.status.history.size(), 1U);
  BOOST_TEST(decision.status.history[0].name == name_b(0));
  BOOST_TEST(decision.status.history[0].outcome == "Deleted");
}

struct EndCase {
  char const* what;
  State state;
  char const* reason;
  char const* failure_class;
  bool next_attempt;
};
std::ostream& operator<<(std::ostream& out, EndCase const& c) { return out << c.what; }
EndCase const kEnds[] = {
    {"completed is final", State::Completed, "", "", false},
    {"superseded and ended cancelled leads on", State::Canceled, "Superseded", "", true},
    {"suspended leads on", State::Canceled, "Suspended", "", true},
    {"deleted leads on", State::Canceled, "Deleted", "", true},
    {"somebody's cancel is final", State::Canceled, "", "", false},
    {"a timeout is final", State::Canceled, "Timeout", "", false},
    {"superseded but completed first is final", State::Completed, "Superseded", "", false},
    {"a failure of the script is not retried on Platform", State::Failed, "", "UserCode", false},
    {"a failure of the platform is", State::Failed, "", "Platform", true},
    {"waiting too long counts as capacity, which is not listed here", State::Canceled, "QueueTimeout", "",
     false},
};

BOOST_DATA_TEST_CASE(what_follows_an_end, boost::unit_test::data::make(kEnds), c) {
  RunFacts f = facts();
  f.retry_limit = 1;
  RunSeen end = seen(name_a(0), c.state, c.reason);
  end.failure_class = c.failure_class;
  answer(f, name_a(0), end);
  answer(f, name_a(1), std::nullopt);
  RunDecision const decision = decide(f, status_at(name_a(0)));
  BOOST_TEST((is<RunAct::Create>(decision) != nullptr) == c.next_attempt);
  if (c.next_attempt)
    BOOST_TEST(is<RunAct::Create>(decision)->id.name == name_a(1));
  else
    BOOST_TEST(decision.status.finished == std::vector<std::string>{"A"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(retries_end_at_their_limit_even_when_only_the_list_remembers) {
  RunFacts f = facts();
  f.retry_limit = 1;
  f.listing.items.push_back({.name = name_a(0), .revision = "A", .place = "local", .failed = true});
  f.listing.items.push_back({.name = name_a(1), .revision = "A", .place = "local", .failed = true});
  RunSeen end = seen(name_a(1), State::Failed);
  end.failure_class = "Platform";
  answer(f, name_a(1), end);
  answer(f, name_a(2), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, {})));
}

BOOST_AUTO_TEST_CASE(attempts_are_sought_from_the_highest_known_one) {
  RunFacts f = facts();
  f.listing.items.push_back({.name = name_a(3), .revision = "A", .place = "local", .live = true});
  RunDecision const decision = decide(f, {});
  BOOST_REQUIRE(is<RunAct::Get>(decision));
  BOOST_TEST(is<RunAct::Get>(decision)->id.name == name_a(3));
}

BOOST_AUTO_TEST_CASE(another_revision_is_cancelled_with_its_reason_first_and_its_end_awaited) {
  RunFacts f = facts();
  TrainingRunStatus const status = status_at(name_b(0));
  answer(f, name_a(0), std::nullopt);
  answer(f, name_b(0), seen(name_b(0), State::Live));
  RunDecision decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::WriteReason>(decision));
  BOOST_TEST(is<RunAct::WriteReason>(decision)->reason == "Superseded");
  answer(f, name_b(0), seen(name_b(0), State::Live, "Superseded"));
  decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::Cancel>(decision));
  answer(f, name_b(0), seen(name_b(0), State::Canceling, "Superseded"));
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
  answer(f, name_b(0), seen(name_b(0), State::Canceled, "Superseded"));
  decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::Create>(decision));
  BOOST_TEST(is<RunAct::Create>(decision)->id.name == name_a(0));
}

BOOST_AUTO_TEST_CASE(a_condemned_run_is_cancelled_even_if_the_spec_came_back) {
  RunFacts f = facts();
  answer(f, name_a(0), seen(name_a(0), State::Live, "Superseded"));
  answer(f, name_a(1), std::nullopt);
  BOOST_TEST(is<RunAct::Cancel>(decide(f, status_at(name_a(0)))));
}

BOOST_AUTO_TEST_CASE(suspension_cancels_as_suspended) {
  RunFacts f = facts();
  f.suspend = true;
  answer(f, name_a(0), seen(name_a(0), State::Live));
  answer(f, name_a(1), std::nullopt);
  RunDecision const decision = decide(f, status_at(name_a(0)));
  BOOST_REQUIRE(is<RunAct::WriteReason>(decision));
  BOOST_TEST(is<RunAct::WriteReason>(decision)->reason == "Suspended");
}

struct TimeoutCase {
  char const* what;
  bool queued;
  int minutes_ago;
  char const* reason;
};
std::ostream& operator<<(std::ostream& out, TimeoutCase const& c) { return out << c.what; }
TimeoutCase const kTimeouts[] = {{"running too long", false, 11, "Timeout"},
                                 {"running not too long", false, 9, ""},
                                 {"waiting too long", true, 6, "QueueTimeout"},
                                 {"waiting not too long", true, 4, ""}};

BOOST_DATA_TEST_CASE(time_limits, boost::unit_test::data::make(kTimeouts), c) {
  RunFacts f = facts();
  f.timeout = minutes(10);
  f.queue_timeout = minutes(5);
  RunSeen live = seen(name_a(0), State::Live);
  live.queued = c.queued;
  live.submitted_at = live.started_at = to_rfc3339(kNow - minutes(c.minutes_ago));
  answer(f, name_a(0), live);
  answer(f, name_a(1), std::nullopt);
  RunDecision const decision = decide(f, status_at(name_a(0)));
  auto const* const reason = is<RunAct::WriteReason>(decision);
  BOOST_TEST((reason == nullptr ? "" : reason->reason) == c.reason);
}

BOOST_AUTO_TEST_CASE(deletion_cancels_waits_for_the_end_and_for_a_settled_list) {
  RunFacts f = facts();
  f.deleting = true;
  TrainingRunStatus const status = status_at(name_a(0));
  answer(f, name_a(0), seen(name_a(0), State::Live));
  answer(f, name_a(1), std::nullopt);
  RunDecision decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::WriteReason>(decision));
  BOOST_TEST(is<RunAct::WriteReason>(decision)->reason == "Deleted");
  answer(f, name_a(0), seen(name_a(0), State::Canceled, "Deleted"));
  f.listing.settled = false;
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
  f.listing.settled = true;
  BOOST_TEST(is<RunAct::Finalize>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(a_doubt_holds_the_finalizer) {
  RunFacts f = facts();
  f.deleting = true;
  TrainingRunStatus status = status_at(name_a(0));
  status.doubts.push_back({.name = name_a(0), .place = "local", .at = to_rfc3339(kNow)});
  answer(f, name_a(0), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(another_holders_live_run_of_another_revision_is_left_alone) {
  RunFacts f = facts();
  RunSeen theirs = seen(name_b(0), State::Live);
  theirs.holder = "somebody";
  f.listing.items.push_back(
      {.name = name_b(0), .revision = "B", .place = "local", .live = true, .holder = "somebody"});
  answer(f, name_a(0), std::nullopt);
  answer(f, name_b(0), theirs);
  BOOST_TEST(is<RunAct::Held>(decide(f, {})));
  f.takeover = true;
  BOOST_TEST(is<RunAct::WriteReason>(decide(f, {})));
}

BOOST_AUTO_TEST_CASE(what_another_store_began_after_we_had_ended_one_is_not_ended_again) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_a(0));
  status.history = {{.name = name_a(0), .revision = "A", .outcome = "Canceled", .reason = "Suspended"}};
  RunSeen theirs = seen(name_a(1), State::Live);
  theirs.holder = "somebody";
  f.listing.items.push_back({.name = name_a(1), .revision = "A", .live = true, .holder = "somebody"});
  answer(f, name_a(0), seen(name_a(0), State::Canceled, "Suspended"));
  answer(f, name_a(1), theirs);
  f.suspend = true;
  BOOST_TEST(is<RunAct::Held>(decide(f, status)));
  f.suspend = false;
  f.deleting = true;
  BOOST_TEST(is<RunAct::Finalize>(decide(f, status)));
  f.takeover = true;
  BOOST_TEST(is<RunAct::WriteReason>(decide(f, status)));
  f.takeover = false;
  BOOST_TEST(is<RunAct::WriteReason>(decide(f, {})));  // a lost store: what it began is ours to end
}

BOOST_AUTO_TEST_CASE(a_full_history_that_forgets_the_current_attempt_is_no_fault) {
  RunFacts f = facts();
  f.suspend = true;
  TrainingRunStatus status = status_at(name_b(0));
  status.history = {{.name = name_b(0), .place = "local", .revision = "B", .outcome = "Canceled"}};
  for (int attempt = 0; attempt < 9; ++attempt)
    status.history.push_back({.name = name_a(attempt),
                              .place = "local",
                              .revision = "A",
                              .attempt = attempt,
                              .outcome = "Canceled",
                              .reason = "Suspended"});
  answer(f, name_a(8), seen(name_a(8), State::Canceled, "Suspended"));
  answer(f, name_a(9), seen(name_a(9), State::Canceled, "Suspended"));
  answer(f, name_a(10), std::nullopt);
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(a_finished_revision_costs_no_look_at_all) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_a(0));
  status.finished = {"A"};
  status.history.push_back({.name = name_a(0), .place = "local", .revision = "A", .outcome = "Completed"});
  BOOST_TEST(is<RunAct::Wait>(decide(f, status)));
}

BOOST_AUTO_TEST_CASE(a_finished_revision_that_comes_back_is_shown_and_not_run_again) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_b(0));
  status.finished = {"A", "B"};
  status.history.push_back(
      {.name = name_a(2), .place = "local", .revision = "A", .attempt = 2, .outcome = "Completed"});
  status.history.push_back({.name = name_b(0), .place = "local", .revision = "B", .outcome = "Completed"});
  RunDecision const decision = decide(f, status);
  BOOST_TEST(is<RunAct::Wait>(decision));
  BOOST_TEST(decision.status.run_name == name_a(2));
  BOOST_TEST(decision.status.attempt == 2);
}

BOOST_AUTO_TEST_CASE(what_lives_of_another_revision_stays_current_until_its_end_though_this_one_is_finished) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_b(0));
  status.finished = {"A"};
  status.history.push_back({.name = name_a(0), .place = "local", .revision = "A", .outcome = "Completed"});
  answer(f, name_b(0), seen(name_b(0), State::Live));
  RunDecision decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::WriteReason>(decision));
  BOOST_TEST(decision.status.run_name == name_b(0));  // no list may show it yet
  answer(f, name_b(0), seen(name_b(0), State::Canceled, "Superseded"));
  decision = decide(f, decision.status);
  BOOST_TEST(is<RunAct::Wait>(decision));
  BOOST_TEST(decision.status.run_name == name_a(0));
}

BOOST_AUTO_TEST_CASE(a_doubtful_one_that_is_seen_to_live_is_remembered_until_its_end) {
  RunFacts f = facts();
  TrainingRunStatus status = status_at(name_a(0));
  status.finished = {"A"};
  status.history.push_back({.name = name_a(0), .place = "local", .revision = "A", .outcome = "Completed"});
  status.doubts.push_back({.name = name_b(0), .place = "local", .at = to_rfc3339(kNow)});
  answer(f, name_b(0), seen(name_b(0), State::Live));
  RunDecision decision = decide(f, status);
  BOOST_REQUIRE(is<RunAct::WriteReason>(decision));
  BOOST_TEST(decision.status.doubts.size() == 1U);
  answer(f, name_b(0), seen(name_b(0), State::Canceled, "Superseded"));
  decision = decide(f, decision.status);
  BOOST_TEST(is<RunAct::Wait>(decision));
  BOOST_TEST(decision.status.doubts.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
