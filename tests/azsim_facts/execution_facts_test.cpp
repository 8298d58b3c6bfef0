#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/ml_world.hpp"
#include "tests/azsim_facts/scripted_executor.hpp"

namespace trainyard::azsim {
namespace {

using std::chrono::seconds;

struct WithExecutor {
  ScriptedExecutor executor;
};
struct Executed : WithExecutor, MlWorld {
  Executed() : MlWorld(&executor) {}
  /// A job with one file as its snapshot, running.
  void submit() {
    Json const reference =
        json(arm("POST", "/codes/c/versions/1/startPendingUpload")).at("blobReferenceForConsumption");
    std::string const sas = reference.text({"credential", "sasUri"});
    std::size_t const mark = sas.find('?');
    send({.method = "PUT",
          .url = sas.substr(0, mark) + "/src/lib/train.py" + sas.substr(mark),
          .headers = {{"x-ms-blob-type", "BlockBlob"}},
          .body = "print()"});
    arm("PUT", "/codes/c/versions/1",
        Json::object({{"properties", Json::object({{"codeUri", reference.text("blobUri") + "/src"}})}}));
    Json body = command_job("python train.py --lr ${{inputs.lr}} --out ${{ outputs.model }}");
    body["properties"]["codeId"] = workspace + "/codes/c/versions/1";
    body["properties"]["inputs"] =
        Json::object({{"lr", Json::object({{"jobInputType", "literal"}, {"value", "0.1"}})}});
    body["properties"]["outputs"] = Json::object(
        {{"model", Json::object({{"jobOutputType", "uri_folder"}, {"assetName", "mine"}})},
         {"report", Json::object({{"jobOutputType", "uri_file"},
                                  {"uri", "azureml://datastores/workspaceblobstore/paths/r.txt"}})}});
    body["properties"]["environmentVariables"] = Json::object({{"MINE", "yes"}});
    body["properties"]["limits"] = Json::object({{"jobLimitsType", "Command"}, {"timeout", "PT1H"}});
    arm("PUT", "/jobs/j", body);
    pass(options.queue);
  }
  Json details() { return json(ask("GET", "/history/v1.0" + workspace + "/runs/j/details")); }
  std::string log() {
    return send({.method = "GET", .url = details().text({"logFiles", "user_logs/std_log.txt"})}).body;
  }
};

BOOST_FIXTURE_TEST_CASE(a_node_gets_snapshot_command_and_variables, Executed) {
  submit();
  BOOST_REQUIRE(executor.started.contains("j"));
  JobStart const& job = executor.started.at("j");
  BOOST_TEST(job.command == "python train.py --lr 0.1 --out ${{outputs.model}}");
  BOOST_REQUIRE(job.outputs.size() == 2U);
  BOOST_TEST(job.outputs[0].name == "model");
  BOOST_TEST(!job.outputs[0].is_file);
  BOOST_TEST(job.outputs[1].is_file);
  BOOST_REQUIRE(job.files.size() == 1U);
  BOOST_TEST(job.files[0].path == "lib/train.py");
  BOOST_TEST(job.files[0].content == "print()");
  BOOST_TEST(executor.variable("j", "MINE") == "yes");
  BOOST_TEST(executor.variable("j", "AZUREML_RUN_ID") == "j");
  BOOST_TEST(executor.variable("j", "MLFLOW_RUN_ID") == "j");
  BOOST_TEST(executor.variable("j", "AZUREML_ARM_WORKSPACE_NAME") == "ws");
  BOOST_TEST(
      executor.variable("j", "MLFLOW_TRACKING_URI").starts_with("azureml://localhost:8443/mlflow/v1.0/"));
}

BOOST_FIXTURE_TEST_CASE(the_token_a_job_gets_is_good_for_its_tracking_server, Executed) {
  submit();
  token = executor.variable("j", "MLFLOW_TRACKING_TOKEN");
  Json const metric =
      Json::object({{"run_id", "j"}, {"key", "loss"}, {"value", 0.5}, {"timestamp", 1}, {"step", 1}});
  BOOST_TEST(mlflow("POST", "runs/log-metric", metric).status == 200);
  Json const run = json(mlflow("GET", "runs/get?run_id=j"));
  BOOST_REQUIRE(run.at({"run", "data", "metrics"}).items().size() == 1U);
  BOOST_TEST(run.text({"run", "info", "experiment_id"}) == executor.variable("j", "MLFLOW_EXPERIMENT_ID"));
}

BOOST_FIXTURE_TEST_CASE(the_log_grows_and_outputs_come_at_the_end, Executed) {
  submit();
  executor.running["j"].log = "one\n";
  BOOST_TEST(log() == "one\n");
  BOOST_TEST(status_of("j") == "Running");
  executor.running["j"] = {.log = "one\ntwo\n", .exit_code = 0, .outputs = {{"model/m.json", "{}"}}};
  BOOST_TEST(status_of("j") == "Completed");
  BOOST_TEST(log() == "one\ntwo\n");
  Json const files = json(mlflow("GET", "artifacts/list?run_id=j&path=outputs/model"));
  BOOST_REQUIRE(files.at("files").items().size() == 1U);
  BOOST_TEST(files.at("files").items()[0].text("path") == "outputs/model/m.json");
}

BOOST_FIXTURE_TEST_CASE(named_outputs_are_in_the_datastore_and_become_assets, Executed) {
  arm("PUT", "/data/mine/versions/1",
      Json::object(
          {{"properties", Json::object({{"dataType", "uri_folder"}, {"dataUri", "https://old/"}})}}));
  submit();
  executor.running["j"] = {.exit_code = 0,
                           .named_outputs = {{"model", {{"deep/m", "weights"}}}, {"report", {{"", "told"}}}}};
  BOOST_TEST(status_of("j") == "Completed");
  Json const store = json(arm("GET", "/datastores/workspaceblobstore")).at("properties");
  auto const blob = [&](std::string const& path) {
    return ask("GET", "/blob/" + store.text("accountName") + "/" + store.text("containerName") + "/" + path)
        .body;
  };
  BOOST_TEST(blob("azureml/j/model/deep/m") == "weights");
  BOOST_TEST(blob("r.txt") == "told");
  Json const outputs = details().at("outputs");
  BOOST_TEST(outputs.text({"model", "assetId"}).ends_with("/data/mine/versions/2"));  // the next one
  BOOST_TEST(outputs.text({"report", "assetId"}).ends_with("/data/azureml_j_output_data_report/versions/1"));
  BOOST_TEST(outputs.text({"report", "type"}) == "UriFile");
}

BOOST_FIXTURE_TEST_CASE(named_outputs_of_a_job_that_fails_are_kept_and_no_assets, Executed) {
  submit();
  executor.running["j"] = {.exit_code = 1, .named_outputs = {{"model", {{"m", "half"}}}}};
  BOOST_TEST(status_of("j") == "Failed");
  BOOST_TEST(details().at("outputs").members().empty());
  BOOST_TEST(arm("GET", "/data/mine").status == 404);
}

BOOST_FIXTURE_TEST_CASE(a_script_that_fails_fails_its_job, Executed) {
  submit();
  executor.running["j"] = {.log = "oh\n", .exit_code = 3, .outputs = {}};
  BOOST_TEST(status_of("j") == "Failed");
  BOOST_TEST(details().text({"error", "error", "message"}).find("exited with status code 3") !=
             std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_cancel_reaches_the_process, Executed) {
  submit();
  BOOST_TEST(arm("POST", "/jobs/j/cancel").status == 202);
  BOOST_TEST(status_of("j") == "Canceled");
}

BOOST_FIXTURE_TEST_CASE(a_job_longer_than_its_timeout_is_canceled_and_told_so, Executed) {
  submit();
  clock.advance(std::chrono::hours(1));
  sim.tick();
  sign_in();
  BOOST_TEST(status_of("j") == "Canceled");
  BOOST_TEST(details().text("cancelationReason").find("PT1H") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_job_without_its_snapshot_fails, Executed) {
  Json body = command_job();
  body["properties"]["codeId"] = workspace + "/codes/none/versions/1";
  arm("PUT", "/jobs/j", body);
  pass(options.queue);
  BOOST_TEST(status_of("j") == "Failed");
  BOOST_TEST(details().text({"error", "error", "message"}).find("codes/none") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_job_whose_process_went_down_with_the_simulator_runs_again, Executed) {
  submit();
  ScriptedExecutor another;
  AzureSim restarted(clock, random, options, &another);
  BOOST_REQUIRE(restarted.restore(sim.snapshot()).has_value());
  BOOST_TEST(restarted.job("ws", "j").text({"properties", "status"}) == "Queued");
  restarted.tick();
  BOOST_TEST(another.started.contains("j"));
  BOOST_TEST(restarted.job("ws", "j").text({"properties", "status"}) == "Running");
}

}  // namespace
}  // namespace trainyard::azsim
