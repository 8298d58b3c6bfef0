// The drivers: JSON in and JSON out, and what their services' words mean.
#include <array>
#include <cstdio>

#include <boost/test/unit_test.hpp>

#include "reconcilers/drivers/aml_compute.hpp"
#include "reconcilers/drivers/aml_run.hpp"
#include "reconcilers/drivers/local_run.hpp"
#include "tests/azure/bodies.hpp"
#include "tests/reconcilers/fakes.hpp"

namespace trainyard::reconcilers {
namespace {

using std::chrono::seconds;

manifests::ComputeTargetSpec wanted() {
  manifests::ComputeTargetSpec spec;
  spec.block = "amlCompute";
  spec.aml_compute = manifests::AmlComputeBlock{
      .create = manifests::AmlComputeCreate{.vm_size = "Standard_DS2_v2", .max_nodes = 2}, .attach = {}};
  return spec;
}

std::vector<std::string> paths(ComputeDiff const& diff) {
  std::vector<std::string> all;
  for (ComputeDiff::Field const& field : diff.fields)
    all.push_back(field.path.substr(field.path.rfind('.') + 1));
  return all;
}

BOOST_AUTO_TEST_SUITE(aml_compute_driver)

BOOST_AUTO_TEST_CASE(a_create_says_what_the_user_set_and_what_the_service_demands) {
  manifests::ComputeTargetSpec spec = wanted();
  spec.aml_compute->create->idle_time_before_scale_down = seconds(100);
  spec.aml_compute->create->vm_priority = "LowPriority";
  BOOST_TEST((
      kAmlComputeDriver.create_body(spec, "westeurope") ==
      *Json::parse(
          R"({"location":"westeurope","properties":{"computeType":"AmlCompute","properties":{"osType":"Linux",
    "vmSize":"Standard_DS2_v2","vmPriority":"LowPriority",
    "scaleSettings":{"maxNodeCount":2,"minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT1M40S"}}}})")));
}

BOOST_AUTO_TEST_CASE(an_update_carries_what_others_set_and_nothing_the_service_alone_writes) {
  Json body = azure::compute_body("cpu");
  body["properties"]["properties"]["subnet"] = Json::object({{"id", "/subnet"}});
  body["identity"] = Json::object({{"type", "SystemAssigned"}});
  body["properties"]["description"] = "theirs";
  manifests::ComputeTargetSpec spec = wanted();
  spec.aml_compute->create->max_nodes = 7;
  Json const update = kAmlComputeDriver.update_body(spec, *azure::parse_compute(body));
  Json const& inner = update.at({"properties", "properties"});
  BOOST_TEST(inner.at({"subnet", "id"}).string_or("") == "/subnet");
  BOOST_TEST(update.at({"identity", "type"}).string_or("") == "SystemAssigned");
  BOOST_TEST(update.at({"properties", "description"}).string_or("") == "theirs");
  BOOST_TEST(inner.at({"scaleSettings", "maxNodeCount"}).integer_or(0) == 7);
  BOOST_TEST(inner.at({"scaleSettings", "nodeIdleTimeBeforeScaleDown"}).string_or("") == "PT1M40S");
  for (char const* name : {"currentNodeCount", "nodeStateCounts", "allocationState", "errors"})
    BOOST_CHECK_MESSAGE(inner.find(name) == nullptr, name << " was sent");
  BOOST_TEST((update.at("properties").find("provisioningState") == nullptr));
}

BOOST_AUTO_TEST_CASE(only_what_the_user_set_is_compared_and_by_its_meaning) {
  Json body = azure::compute_body("cpu");
  manifests::ComputeTargetSpec spec = wanted();
  BOOST_TEST(paths(kAmlComputeDriver.diff(spec, *azure::parse_compute(body)))
                 .empty());                                               // STANDARD_DS2_V2 is the same size
  body["properties"]["properties"]["scaleSettings"]["minNodeCount"] = 1;  // not set by the user
  BOOST_TEST(paths(kAmlComputeDriver.diff(spec, *azure::parse_compute(body))).empty());
  spec.aml_compute->create->idle_time_before_scale_down = seconds(100);
  body["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] = "PT100S";
  BOOST_TEST(paths(kAmlComputeDriver.diff(spec, *azure::parse_compute(body))).empty());
  spec.aml_compute->create->min_nodes = 0;
  spec.aml_compute->create->max_nodes = 3;
  spec.aml_compute->create->idle_time_before_scale_down = seconds(101);
  ComputeDiff const diff = kAmlComputeDriver.diff(spec, *azure::parse_compute(body));
  BOOST_TEST(paths(diff) == (std::vector<std::string>{"maxNodes", "minNodes", "idleTimeBeforeScaleDown"}),
             boost::test_tools::per_element());
  BOOST_TEST(diff.in_place());
}

BOOST_AUTO_TEST_CASE(size_and_priority_cannot_change_in_place) {
  manifests::ComputeTargetSpec spec = wanted();
  spec.aml_compute->create->vm_size = "Standard_NC6";
  spec.aml_compute->create->vm_priority = "LowPriority";
  ComputeDiff const diff = kAmlComputeDriver.diff(spec, *azure::parse_compute(azure::compute_body("cpu")));
  BOOST_TEST(paths(diff) == (std::vector<std::string>{"vmSize", "vmPriority"}),
             boost::test_tools::per_element());
  BOOST_TEST(!diff.in_place());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(aml_run_driver)

RunRequest request() {
  RunRequest request{.name = "ty-fit-x-a2",
                     .display_name = "default/fit",
                     .experiment = "my.experiment",
                     .owner = "me",
                     .holder = "h",
                     .revision = "r1:0",
                     .attempt = 2};
  request.spec.script_file = "train.py";
  request.spec.arguments = {"--epochs", "3"};
  request.spec.variables = {{"A", "b"}};
  request.spec.timeout = seconds(90);
  return request;
}

BOOST_AUTO_TEST_CASE(a_job_says_what_to_run_where_and_whose_it_is) {
  BOOST_TEST(
      (job_body(request(), "ty-tag", "/compute", "/code", "/environment") == *Json::parse(R"({"properties":{
    "jobType":"Command","displayName":"default/fit","experimentName":"my-experiment","computeId":"/compute","codeId":"/code",
    "environmentId":"/environment","command":"python train.py --epochs 3","environmentVariables":{"A":"b"},
    "limits":{"jobLimitsType":"Command","timeout":"PT1M30S"},"tags":{"ty-tag":"me"},
    "properties":{"trainyard-owner":"me","trainyard-holder":"h","trainyard-revision":"r1:0","trainyard-attempt":"2"}}})")));
}

std::string shell(std::string const& line) {
  std::array<char, 4096> buffer{};
  std::unique_ptr<FILE, int (*)(FILE*)> const pipe(popen(line.c_str(), "r"), pclose);  // popen runs sh -c
  std::string output;
  while (std::size_t const got = fread(buffer.data(), 1, buffer.size(), pipe.get()))
    output.append(buffer.data(), got);
  return output;
}

BOOST_AUTO_TEST_CASE(no_argument_is_more_than_one_word_to_a_shell) {
  manifests::TrainingRunSpec spec;
  spec.interpreter_path = "printf";
  spec.script_file = "<%s>";
  spec.arguments = {"",    "a b", "$HOME", "`id`",    "$(id)",       "it's",    "\"q\"",
                    "a;b", "a&b", "a|b",   "line\nb", "back\\slash", "*",       "~",
                    "!x",  "#c",  "{a,b}", "'; id '", "x=y",         "\xc3\xa4"};
  std::string expected;
  for (std::string const& argument : spec.arguments) expected += "<" + argument + ">";
  BOOST_TEST(shell(command_line(spec)) == expected);
}

struct Jobs : Bench {
  std::shared_ptr<azure::AzureScope> scope =
      std::make_shared<azure::AzureScope>(parts, cloud, std::make_unique<azure::FixedTokens>(), id,
                                          azure::AzureScope::Options{.job_tag = "ty-mark"});
  AmlRunDriver driver{
      scope, "ty-mark", {sources, clock, clock.wall(), std::chrono::minutes(5), "Workspace/default/ml"}};
  Context within{.stop = {}, .deadline = clock.steady() + std::chrono::minutes(1)};

  RunSeen seen(std::string const& status) {
    script.expect("GET", "/jobs/j?", 200, azure::job_body("j", status).dump());
    WallTime began{};
    return **driver.get("j", began, within);
  }
};

BOOST_FIXTURE_TEST_CASE(the_services_words_for_a_job, Jobs) {
  struct {
    char const* status;
    RunSeen::State state;
    bool queued;
  } const cases[] = {
      {"NotStarted", RunSeen::State::Live, true},      {"Queued", RunSeen::State::Live, true},
      {"Running", RunSeen::State::Live, false},        {"Finalizing", RunSeen::State::Live, false},
      {"SomethingNew", RunSeen::State::Live, true},    {"CancelRequested", RunSeen::State::Canceling, true},
      {"Completed", RunSeen::State::Completed, false}, {"Failed", RunSeen::State::Failed, false},
      {"Canceled", RunSeen::State::Canceled, false}};
  for (auto const& c : cases) {
    RunSeen const is = seen(c.status);
    BOOST_CHECK_MESSAGE(is.state == c.state && is.queued == c.queued, c.status);
    BOOST_TEST(is.owner == "o");
  }
}

BOOST_FIXTURE_TEST_CASE(a_failure_is_told_though_its_metrics_cannot_be_read, Jobs) {
  script.expect("GET", "/workspaces/W?", 200, azure::workspace_body().dump());
  BOOST_REQUIRE(scope->read_workspace(within).has_value());
  RunSeen failed = seen("Failed");
  script
      .expect("GET", "/runs/j/details", 200,
              R"({"startTimeUtc":"2026-02-01T10:00:00Z","endTimeUtc":"2026-02-01T10:01:00Z",
        "error":{"error":{"code":"UserError","message":"Execution failed: exited with status code 3"}}})")
      .expect("GET", "/runs/get", 500);
  BOOST_TEST(!driver.add_details(failed, within).has_value());
  BOOST_TEST(failed.failure_class == "UserCode");
  BOOST_TEST((failed.exit_code == 3));
  BOOST_TEST(failed.started_at == "2026-02-01T10:00:00Z");
}

struct FailureCase {
  char const* code;
  char const* message;
  char const* failure_class;
};

BOOST_FIXTURE_TEST_CASE(classes_of_failures, Jobs) {
  FailureCase const cases[] = {
      {"UserError", "exited with status code 1", "UserCode"},
      {"SystemError", "the node was preempted", "Preempted"},
      {"UserError", "core quota is exceeded", "Capacity"},
      {"ServiceError", "something broke", "Platform"},
  };
  script.expect("GET", "/workspaces/W?", 200, azure::workspace_body().dump());
  BOOST_REQUIRE(scope->read_workspace(within).has_value());
  for (FailureCase const& c : cases) {
    RunSeen failed = seen("Failed");
    Json const error = Json::object({{"code", c.code}, {"message", c.message}});
    script
        .expect("GET", "/runs/j/details", 200,
                Json::object({{"error", Json::object({{"error", error}})}}).dump())
        .expect("GET", "/runs/get", 404, "{}");
    BOOST_TEST(driver.add_details(failed, within).has_value());
    BOOST_TEST(failed.failure_class == c.failure_class);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(local_run_driver)

struct LocalCase {
  char const* what;
  LocalRun::State state;
  std::optional<int> code;
  char const* reason;
  RunSeen::State seen;
  char const* failure_class;
};

BOOST_AUTO_TEST_CASE(what_a_process_left_behind) {
  LocalCase const cases[] = {
      {"running", LocalRun::State::Running, {}, "", RunSeen::State::Live, ""},
      {"asked to end", LocalRun::State::Running, {}, "Deleted", RunSeen::State::Canceling, ""},
      {"ended well", LocalRun::State::Ended, 0, "", RunSeen::State::Completed, ""},
      {"ended well though asked to end", LocalRun::State::Ended, 0, "Superseded", RunSeen::State::Completed,
       ""},
      {"ended as asked", LocalRun::State::Ended, 143, "Superseded", RunSeen::State::Canceled, ""},
      {"failed", LocalRun::State::Ended, 3, "", RunSeen::State::Failed, "UserCode"},
      {"interrupted", LocalRun::State::Interrupted, {}, "", RunSeen::State::Failed, "Platform"},
      {"interrupted as it was asked to end",
       LocalRun::State::Interrupted,
       {},
       "Deleted",
       RunSeen::State::Canceled,
       "Platform"},
  };
  FakeClock const clock{WallTime{}};
  for (LocalCase const& c : cases) {
    FakeRunner runner;
    runner.runs["x"] = {.state = c.state,
                        .owner = "me",
                        .exit_code = c.code,
                        .cancel_reason = c.reason,
                        .started_at = "2026-03-01T00:00:00Z"};
    LocalRunDriver driver(runner, "default", clock);
    WallTime began{};
    Result<std::optional<RunSeen>> const seen = driver.get("x", began, {});
    BOOST_REQUIRE(seen && seen->has_value());
    BOOST_CHECK_MESSAGE((*seen)->state == c.seen, c.what);
    BOOST_TEST((*seen)->failure_class == c.failure_class);
  }
}

BOOST_AUTO_TEST_CASE(a_claimed_name_is_looked_at_not_started_again) {
  FakeClock const clock{WallTime{}};
  FakeRunner runner;
  runner.runs["x"] = {.owner = "somebody"};
  LocalRunDriver driver(runner, "default", clock);
  Result<RunSeen> const seen = driver.submit({.name = "x", .owner = "me"}, {}, {});
  BOOST_REQUIRE(seen.has_value());
  BOOST_TEST(seen->owner == "somebody");
  BOOST_TEST(runner.started.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
