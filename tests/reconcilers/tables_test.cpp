// What is a function of values alone: names, reactions, conditions, capabilities, what a run's status tells.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "controller/base/yaml.hpp"
#include "reconcilers/compute_target/capabilities.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/drivers/compute_driver.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/training_run/present.hpp"
#include "tests/folders.hpp"

namespace trainyard::reconcilers {
namespace {

namespace data = boost::unit_test::data;
using manifests::Conditions;
using manifests::ReadyWhen;
using std::chrono::minutes;
using std::chrono::seconds;

WallTime const kNow = *parse_rfc3339("2026-01-02T03:04:05Z");
ObjectKey const kKey{"TrainingRun", "default", "fit"};

BOOST_AUTO_TEST_SUITE(names)

char const* const kNames[] = {"fit", "a.b--c", "-x-", "...", "UPPER.Case", "0123456789012345678-0123456789",
                              "ä"};

BOOST_DATA_TEST_CASE(a_run_name_is_legal_everywhere, data::make(kNames), object) {
  for (std::int64_t const attempt : {std::int64_t{0}, std::int64_t{99999}}) {
    std::string const name = run_name("cluster", {"TrainingRun", "default", object}, "r1:abc", attempt);
    BOOST_TEST(name.size() <= 54U);
    BOOST_TEST(name.find("--") == std::string::npos);
    BOOST_TEST(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
    BOOST_TEST(name.starts_with("ty-"));
  }
}

// Golden: these names stand in workspaces for ever.
BOOST_AUTO_TEST_CASE(names_never_change) {
  BOOST_TEST(run_name("c", kKey, "r1:0", 0) == "ty-fit-jggaixuxp67dcptb4y6f-a0");
  BOOST_TEST(run_name("c", {"TrainingRun", "default", "a.b--c"}, "r1:0", 12) ==
             "ty-a-b-c-jnk4odoc3z5rtogi2vnp-a12");
  BOOST_TEST(owner_mark("c", kKey) == "gnc4jwya57tvvz4reif6akk4dah2t4j2");
  BOOST_TEST(job_tag("c") == "ty-h4dfoade5bcl6wnkmhjp");
  BOOST_TEST(code_name(std::string(64, 'a')) == "ty-" + std::string(40, 'a'));
}

BOOST_AUTO_TEST_CASE(each_part_makes_another_name) {
  std::set<std::string> const all{run_name("c", kKey, "A", 0),
                                  run_name("d", kKey, "A", 0),
                                  run_name("c", {"TrainingRun", "other", "fit"}, "A", 0),
                                  run_name("c", {"TrainingRun", "default", "fit2"}, "A", 0),
                                  run_name("c", kKey, "B", 0),
                                  run_name("c", kKey, "A", 1)};
  BOOST_TEST(all.size() == 6U);
  BOOST_TEST(owner_mark("c", kKey) != owner_mark("c", {"ComputeTarget", "default", "fit"}));
  BOOST_TEST(owner_mark("c", kKey) != owner_mark("d", kKey));
}

BOOST_AUTO_TEST_CASE(the_attempt_is_read_back_from_its_own_names_only) {
  for (std::int64_t const attempt : {0, 7, 123})
    BOOST_TEST((attempt_of(run_name("c", kKey, "A", attempt), "c", kKey, "A") == attempt));
  BOOST_TEST(!attempt_of(run_name("c", kKey, "B", 0), "c", kKey, "A"));
  BOOST_TEST(!attempt_of(run_name("c", kKey, "A", 0) + "x", "c", kKey, "A"));
  BOOST_TEST(!attempt_of("", "c", kKey, "A"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reactions)

struct ReactionCase {
  ErrorKind kind;
  Reaction reaction;
};
ReactionCase const kReactions[] = {
    {ErrorKind::NotFound, Reaction::Surroundings},     {ErrorKind::Conflict, Reaction::Transient},
    {ErrorKind::Throttled, Reaction::Throttled},       {ErrorKind::Transient, Reaction::Transient},
    {ErrorKind::Unauthorized, Reaction::Surroundings}, {ErrorKind::Forbidden, Reaction::Surroundings},
    {ErrorKind::Quota, Reaction::Surroundings},        {ErrorKind::Invalid, Reaction::Own},
    {ErrorKind::Canceled, Reaction::Transient},        {ErrorKind::Internal, Reaction::Bug}};

BOOST_AUTO_TEST_CASE(each_kind_of_error_has_its_reaction) {
  for (ReactionCase const& c : kReactions)
    BOOST_CHECK_MESSAGE(react({.kind = c.kind}) == c.reaction, "of " << to_string(c.kind));
}

BOOST_AUTO_TEST_CASE(the_surroundings_are_tried_again_after_1_5_15_then_60_minutes) {
  std::int64_t setbacks = 0;
  std::string next_look;
  for (int const wait : {1, 5, 15, 60, 60}) {
    Setback const back =
        setback({.kind = ErrorKind::Quota, .reason = "Q", .message = "m"}, setbacks, next_look, kNow);
    BOOST_TEST((back.outcome.next == Outcome::Next::After && back.outcome.delay == minutes(wait)));
    BOOST_TEST((back.verdict.kind == Verdict::Kind::Stalled));
    BOOST_TEST((parse_rfc3339(next_look).value() == kNow + minutes(wait)));
    BOOST_TEST(too_early(next_look, setbacks, kNow, kNow));
    BOOST_TEST(!too_early(next_look, setbacks, kNow, kNow + minutes(wait)));
    BOOST_TEST(!too_early(next_look, setbacks, kNow + seconds(1), kNow + seconds(1)));  // started since
  }
  BOOST_TEST(!too_early("", 0, kNow, kNow));
}

BOOST_AUTO_TEST_CASE(other_setbacks_count_nothing) {
  std::int64_t setbacks = 0;
  std::string next_look = "2026-01-02T03:04:05Z";
  Setback back = setback({.kind = ErrorKind::Invalid, .reason = "I"}, setbacks, next_look, kNow);
  BOOST_TEST((back.outcome.next == Outcome::Next::Rest));
  BOOST_TEST((back.verdict.kind == Verdict::Kind::Stalled));
  BOOST_TEST(next_look == "");
  back = setback({.kind = ErrorKind::Throttled, .retry_after = seconds(17)}, setbacks, next_look, kNow);
  BOOST_TEST((back.outcome.delay == seconds(17)));
  BOOST_TEST((back.verdict.kind == Verdict::Kind::InProgress));
  back = setback({.kind = ErrorKind::Transient}, setbacks, next_look, kNow);
  BOOST_TEST((back.outcome.next == Outcome::Next::Backoff));
  BOOST_TEST(setbacks == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(told_conditions)

int how_many_true(Conditions const& conditions) {
  return static_cast<int>(std::count_if(
      conditions.begin(), conditions.end(),
      [](manifests::Condition const& c) { return c.status == manifests::ConditionStatus::True; }));
}

BOOST_AUTO_TEST_CASE(exactly_one_of_the_three_is_true_and_none_when_it_is_not_known) {
  Conditions conditions;
  for (Verdict::Kind const kind : {Verdict::Kind::Ready, Verdict::Kind::InProgress, Verdict::Kind::Stalled}) {
    tell(conditions, {kind, "R", "m"}, 3, kNow);
    BOOST_TEST(conditions.size() == 3U);
    BOOST_TEST(how_many_true(conditions) == 1);
  }
  tell(conditions, {Verdict::Kind::Unknown, "ObservationStale", "m"}, 3, kNow);
  BOOST_TEST(how_many_true(conditions) == 0);
  auto const* const ready = find_condition(conditions, manifests::kReady);
  BOOST_TEST((ready->status == manifests::ConditionStatus::Unknown));
  BOOST_TEST(ready->observed_generation == 3);
}

BOOST_AUTO_TEST_CASE(a_transition_is_a_change_of_status_not_of_words) {
  Conditions conditions;
  tell(conditions, {Verdict::Kind::InProgress, "A", "m"}, 1, kNow);
  tell(conditions, {Verdict::Kind::InProgress, "B", "n"}, 2, kNow + minutes(1));
  BOOST_TEST((find_condition(conditions, manifests::kReady)->last_transition == kNow));
  tell(conditions, {Verdict::Kind::Ready, "C", "o"}, 2, kNow + minutes(2));
  BOOST_TEST((find_condition(conditions, manifests::kReady)->last_transition == kNow + minutes(2)));
  BOOST_TEST((find_condition(conditions, manifests::kStalled)->last_transition == kNow));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(target_types)

Json crd(std::string const& file) {
  std::ifstream in(source_folder() + "/crds/" + file);
  std::stringstream text;
  text << in.rdbuf();
  Result<std::vector<YamlDocument>> documents = parse_yaml(text.str());
  BOOST_REQUIRE(documents.has_value());
  return documents->front().value;
}

BOOST_AUTO_TEST_CASE(each_block_of_the_crd_has_its_row_and_each_row_its_block) {
  Json const document = crd("computetargets.yaml");
  Json const& spec = document.at({"spec", "versions"})
                         .items()
                         .at(0)
                         .at({"schema", "openAPIV3Schema", "properties", "spec", "properties"});
  std::set<std::string> blocks, rows;
  for (auto const& [name, schema] : spec.members())
    if (schema.text("type") == "object") blocks.insert(name);
  for (Capabilities const& row : capability_table()) {
    rows.emplace(row.block);
    Json const& properties = spec.at({row.block, "properties"});
    if (row.attach)
      BOOST_CHECK_MESSAGE(properties.find("attach") != nullptr, row.block << " has no attach block");
    BOOST_TEST((compute_driver(row.block) != nullptr || row.block == "local"));
  }
  BOOST_TEST(!blocks.empty());
  BOOST_TEST(blocks == rows, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_unknown_block_can_do_nothing) {
  Capabilities const& none = capabilities_of("teapot");
  BOOST_TEST(!(none.create || none.attach || none.script));
  BOOST_TEST(capability_words("teapot").empty());
  BOOST_TEST(capability_words("local") == std::vector<std::string>{"script"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_name_in_azure) {
  manifests::ComputeTargetSpec spec;
  BOOST_TEST(compute_name_of(spec, "object") == "object");
  spec.name = "given";
  BOOST_TEST(compute_name_of(spec, "object") == "given");
  spec.aml_compute =
      manifests::AmlComputeBlock{.create = {}, .attach = manifests::AmlComputeAttach{.name = "there"}};
  BOOST_TEST(compute_name_of(spec, "object") == "there");
}

BOOST_AUTO_TEST_CASE(the_name_in_azure_of_a_spec_as_it_stands) {
  for (char const* const text :
       {R"({"amlCompute":{"create":{"vmSize":"A"}}})", R"({"name":"given","amlCompute":{"create":{}}})",
        R"({"amlCompute":{"attach":{"name":"there"}}})"}) {
    Json const spec = *Json::parse(text);
    BOOST_TEST(compute_name_of(spec, "object") ==
               compute_name_of(manifests::compute_target_spec_from_json(spec), "object"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(presented)

struct PhaseCase {
  RunSeen::State state;
  bool queued;
  char const* word;
  char const* phase;
  Verdict::Kind completed, running, submitted;  // by readyWhen
};
constexpr auto kGo = Verdict::Kind::InProgress, kGreen = Verdict::Kind::Ready, kRed = Verdict::Kind::Stalled;
PhaseCase const kPhases[] = {
    {RunSeen::State::Live, true, "NotStarted", "Preparing", kGo, kGo, kGreen},
    {RunSeen::State::Live, true, "Queued", "Queued", kGo, kGo, kGreen},
    {RunSeen::State::Live, false, "Running", "Running", kGo, kGreen, kGreen},
    {RunSeen::State::Canceling, false, "CancelRequested", "Canceling", kGo, kGo, kGo},
    {RunSeen::State::Completed, false, "Completed", "Completed", kGreen, kGreen, kGreen},
    {RunSeen::State::Failed, false, "Failed", "Failed", kRed, kRed, kRed},
    {RunSeen::State::Canceled, false, "Canceled", "Canceled", kRed, kRed, kRed},
};

BOOST_AUTO_TEST_CASE(a_phase_and_a_verdict_for_each_state_and_a_failed_run_is_never_green) {
  for (PhaseCase const& c : kPhases) {
    manifests::TrainingRunStatus status;
    status.run_name = "ty-x-a0";
    show_attempt(status, {.name = "ty-x-a0", .state = c.state, .queued = c.queued, .status = c.word});
    BOOST_TEST(status.phase == c.phase);
    BOOST_CHECK_MESSAGE(verdict_of(status, ReadyWhen::Completed).kind == c.completed,
                        c.phase << " for Completed");
    BOOST_CHECK_MESSAGE(verdict_of(status, ReadyWhen::Running).kind == c.running, c.phase << " for Running");
    BOOST_CHECK_MESSAGE(verdict_of(status, ReadyWhen::Submitted).kind == c.submitted,
                        c.phase << " for Submitted");
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_whole_and_the_next_attempt_tells_nothing_of_it) {
  manifests::TrainingRunStatus status;
  status.run_name = "ty-x-a0";
  show_attempt(status, {.state = RunSeen::State::Failed,
                        .failure_class = "UserCode",
                        .failure_message = "exited with code 3",
                        .exit_code = 3,
                        .log_tail = {"Traceback", "ValueError"}});
  std::string const words = verdict_of(status, ReadyWhen::Completed).message;
  for (char const* part : {"ty-x-a0", "UserCode", "exited with code 3", "ValueError"})
    BOOST_CHECK_MESSAGE(words.find(part) != std::string::npos, part << " is not in: " << words);
  show_attempt(status, {.state = RunSeen::State::Live});
  BOOST_TEST(status.failure_class.empty());
  BOOST_TEST(status.failure_message.empty());
  BOOST_TEST(status.log_tail.empty());
  BOOST_TEST(!status.exit_code.has_value());
}

BOOST_AUTO_TEST_CASE(metrics_are_bounded) {
  RunSeen seen;
  for (int i = 0; i < 80; ++i) seen.metrics["m" + std::to_string(i)] = i;
  manifests::TrainingRunStatus status;
  show_attempt(status, seen);
  BOOST_TEST(status.metrics.size() == 50U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
