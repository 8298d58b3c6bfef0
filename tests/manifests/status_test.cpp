// What is written to a status is read back as it was.
#include <cmath>

#include <boost/test/unit_test.hpp>

#include "tests/manifests/full_status.hpp"

namespace trainyard::manifests::test {

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(full_statuses_round_trip_through_text) {
  auto const again = [](Json const& json) { return *Json::parse(json.dump()); };
  BOOST_TEST((workspace_status_from_json(again(to_json(full_workspace()))) == full_workspace()));
  BOOST_TEST(
      (compute_target_status_from_json(again(to_json(full_compute_target()))) == full_compute_target()));
  BOOST_TEST((training_run_status_from_json(again(to_json(full_training_run()))) == full_training_run()));
}

BOOST_AUTO_TEST_CASE(empty_statuses_round_trip_and_leave_out_what_is_empty) {
  BOOST_TEST(to_json(WorkspaceStatus{}).dump() == R"({"observedGeneration":0,"conditions":[]})");
  BOOST_TEST(to_json(ComputeTargetStatus{}).dump() == R"({"observedGeneration":0,"conditions":[]})");
  BOOST_TEST(to_json(TrainingRunStatus{}).dump() ==
             R"({"observedGeneration":0,"conditions":[],"attempt":0})");
  BOOST_TEST((workspace_status_from_json(Json::object()) == WorkspaceStatus{}));
  BOOST_TEST((compute_target_status_from_json(Json::object()) == ComputeTargetStatus{}));
  BOOST_TEST((training_run_status_from_json(Json::object()) == TrainingRunStatus{}));
}

BOOST_AUTO_TEST_CASE(a_status_of_wrong_types_reads_as_empty) {
  Json const odd =
      *Json::parse(R"({"observedGeneration":"x","conditions":7,"metrics":[1],"history":{"a":1},"exitCode":"0",
                                    "drift":"no","finished":3,"seen":"yes"})");
  BOOST_TEST((training_run_status_from_json(odd) == TrainingRunStatus{}));
  BOOST_TEST((compute_target_status_from_json(odd) == ComputeTargetStatus{}));
}

BOOST_AUTO_TEST_CASE(a_metric_that_is_no_number_is_written_as_mlflow_words_it) {
  TrainingRunStatus run;
  run.metrics = {{"a", std::nan("")}, {"b", HUGE_VAL}, {"c", -HUGE_VAL}, {"d", 2.0}};
  Json const metrics = to_json(run).at("metrics");
  BOOST_TEST(metrics.text("a") == "NaN");
  BOOST_TEST(metrics.text("b") == "Infinity");
  BOOST_TEST(metrics.text("c") == "-Infinity");
  auto const read = training_run_status_from_json(to_json(run)).metrics;
  BOOST_TEST(std::isnan(read.at("a")));
  BOOST_TEST(read.at("b") == HUGE_VAL);
  BOOST_TEST(read.at("c") == -HUGE_VAL);
  BOOST_TEST(read.at("d") == 2.0);
}

BOOST_AUTO_TEST_CASE(a_condition_keeps_its_time_until_its_status_changes) {
  Conditions conditions;
  auto const ready = [](ConditionStatus status, std::string reason) {
    return Condition{.type = "Ready",
                     .status = status,
                     .reason = std::move(reason),
                     .message = "m",
                     .observed_generation = 1};
  };
  set_condition(conditions, ready(ConditionStatus::False, "Creating"), at(1000));
  set_condition(conditions,
                {.type = "Stalled", .status = ConditionStatus::True, .reason = "Quota", .message = "m"},
                at(1000));
  set_condition(conditions, ready(ConditionStatus::False, "Resizing"), at(2000));
  BOOST_REQUIRE(conditions.size() == 2U);
  BOOST_TEST((find_condition(conditions, kReady)->last_transition == at(1000)));
  BOOST_TEST(find_condition(conditions, kReady)->reason == "Resizing");
  set_condition(conditions, ready(ConditionStatus::True, "Usable"), at(3000));
  BOOST_TEST((find_condition(conditions, kReady)->last_transition == at(3000)));
  remove_condition(conditions, kReady);
  BOOST_TEST(find_condition(conditions, kReady) == nullptr);
  BOOST_TEST(find_condition(conditions, kStalled) != nullptr);
}

BOOST_AUTO_TEST_CASE(specs_read_what_is_written_and_fill_in_defaults) {
  TrainingRunSpec const run = training_run_spec_from_json(*Json::parse(
      R"({"computeTarget":"cpu","source":{"directory":"src"},"script":{"file":"train.py","arguments":["--x","1"]},
          "environment":{"interpreterPath":"py","docker":{"image":"i"},"variables":[{"name":"A","value":"1"}]},
          "retry":{"limit":2,"onFailure":["Timeout"]},"timeout":"1h30m","readyWhen":"Running","onChange":"Ignore","suspend":true})"));
  TrainingRunSpec const wanted{.compute_target = "cpu",
                               .source_directory = "src",
                               .script_file = "train.py",
                               .arguments = {"--x", "1"},
                               .interpreter_path = "py",
                               .docker_image = "i",
                               .variables = {{"A", "1"}},
                               .retry_limit = 2,
                               .retry_on = {"Timeout"},
                               .timeout = std::chrono::minutes(90),
                               .suspend = true,
                               .ready_when = ReadyWhen::Running,
                               .on_change = OnChange::Ignore};
  BOOST_TEST((run == wanted));
  BOOST_TEST(training_run_spec_from_json(*Json::parse(R"({"source":{"configMap":{"name":"files"}}})"))
                 .source_config_map == "files");
  TrainingRunSpec const least = training_run_spec_from_json(Json::object());
  BOOST_TEST((least.retry_on == std::vector<std::string>{"Preempted", "Capacity", "Platform"}));
  BOOST_TEST((least.ready_when == ReadyWhen::Completed));
  BOOST_TEST(workspace_spec_from_json(Json::object()).cloud == "public");

  ComputeTargetSpec const cluster = compute_target_spec_from_json(*Json::parse(
      R"({"workspace":"ml","name":"c1","deletionPolicy":"Retain","driftPolicy":"Ignore","replace":"WhenChanged","amlCompute":
          {"create":{"vmSize":"S","vmPriority":"LowPriority","minNodes":0,"maxNodes":3,"idleTimeBeforeScaleDown":"90s","location":"l"}}})"));
  ComputeTargetSpec const target{
      .workspace = "ml",
      .name = "c1",
      .deletion_policy = DeletionPolicy::Retain,
      .drift_policy = DriftPolicy::Ignore,
      .replace = ReplacePolicy::WhenChanged,
      .block = "amlCompute",
      .aml_compute =
          AmlComputeBlock{.create = AmlComputeCreate{.vm_size = "S",
                                                     .vm_priority = "LowPriority",
                                                     .max_nodes = 3,
                                                     .min_nodes = 0,
                                                     .idle_time_before_scale_down = std::chrono::seconds(90),
                                                     .location = "l"}}};
  BOOST_TEST((cluster == target));
  ComputeTargetSpec const local = compute_target_spec_from_json(*Json::parse(R"({"local":{}})"));
  BOOST_TEST(local.block == "local");
  BOOST_TEST(local.local.has_value());
  BOOST_TEST(!local.aml_compute.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
