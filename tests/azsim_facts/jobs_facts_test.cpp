#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/ml_world.hpp"

namespace trainyard::azsim {
namespace {

using std::chrono::seconds;
namespace data = boost::unit_test::data;

BOOST_FIXTURE_TEST_CASE(a_job_is_given_back_whole_at_once, MlWorld) {
  HttpResponse const made = arm("PUT", "/jobs/j", command_job());
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.header("Location").value_or("").ends_with("/jobs/j?api-version=2023-10-01"));
  Json const job = json(made), &properties = job.at("properties");
  BOOST_TEST(properties.text("status") == "Starting");
  BOOST_TEST(properties.text("displayName") == "j");
  BOOST_TEST(properties.text({"outputs", "default", "uri"}) ==
             "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.j");
  BOOST_TEST(properties.text({"resources", "shmSize"}) == "2g");
  BOOST_TEST(properties.text({"services", "Tracking", "endpoint"})
                 .starts_with("azureml://localhost:8443/mlflow/v1.0/"));
  BOOST_TEST(
      properties.text({"services", "Studio", "endpoint"}).starts_with("https://ml.azure.com/runs/j?wsid="));
  BOOST_TEST(properties.text({"properties", "_azureml.ComputeTargetType"}) == "amlctrain");
  BOOST_TEST(job.at("systemData").members().size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_job_without_an_executor_ends_by_the_clock, MlWorld) {
  arm("PUT", "/jobs/j", command_job());
  BOOST_TEST(status_of("j") == "Starting");
  pass(options.queue - seconds(1));
  BOOST_TEST(status_of("j") == "Queued");
  pass(seconds(1));
  BOOST_TEST(status_of("j") == "Running");
  pass(options.run);
  BOOST_TEST(status_of("j") == "Completed");
}

BOOST_FIXTURE_TEST_CASE(a_repeated_put_runs_nothing_again, MlWorld) {
  Json body = command_job();
  body["properties"]["tags"] = Json::object({{"a", "1"}});
  body["properties"]["properties"] = Json::object({{"p", "1"}});
  arm("PUT", "/jobs/j", body);
  pass(options.queue + options.run);
  body["properties"]["tags"] = Json::object({{"b", "2"}});
  body["properties"]["properties"] = Json::object({{"q", "2"}});
  HttpResponse const again = arm("PUT", "/jobs/j", body);
  BOOST_TEST(again.status == 200);
  BOOST_TEST(!again.header("Location").has_value());
  Json const job = json(again), &properties = job.at("properties");
  BOOST_TEST(properties.text("status") == "Completed");
  BOOST_TEST(properties.at("tags").find("a") == nullptr);
  BOOST_TEST(properties.text({"tags", "b"}) == "2");
  BOOST_TEST(properties.text({"properties", "p"}) == "1");
  BOOST_TEST(properties.text({"properties", "q"}) == "2");
  BOOST_TEST(sim.job_names("ws").size() == 1U);
  body["properties"]["properties"] = Json::object({{"p", "other"}});
  BOOST_TEST(arm("PUT", "/jobs/j", body).status == 400);
  BOOST_TEST(arm("PUT", "/jobs/j", command_job("other")).status == 400);
}

BOOST_FIXTURE_TEST_CASE(absent_jobs_and_computes_are_404_in_the_services_words, MlWorld) {
  HttpResponse const absent = arm("GET", "/jobs/j");
  BOOST_TEST(absent.status == 404);
  BOOST_TEST(json(absent).text({"error", "code"}) == "UserError");
  BOOST_TEST(json(absent).text({"error", "message"}) == "Job j not found.");
  Json body = command_job();
  body["properties"]["computeId"] = workspace + "/computes/nowhere";
  BOOST_TEST(arm("PUT", "/jobs/j", body).status == 404);
  BOOST_TEST(sim.job_names("ws").empty());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_is_taken_and_its_address_tells_when_it_is_done, MlWorld) {
  arm("PUT", "/jobs/j", command_job());
  HttpResponse const taken = arm("POST", "/jobs/j/cancel");
  BOOST_TEST(taken.status == 202);
  BOOST_TEST(taken.body == "null");
  BOOST_TEST(!taken.header("Retry-After").has_value());
  BOOST_TEST(status_of("j") == "CancelRequested");
  std::string const location = taken.header("Location").value_or("");
  BOOST_REQUIRE(location.find("/mfeOperationResults/jc:") != std::string::npos);
  std::string const path = location.substr(options.base_url.size());
  HttpResponse const waiting = ask("GET", path);
  BOOST_TEST(waiting.status == 202);
  BOOST_TEST(waiting.header("Location").value_or("") == location);
  pass(options.queue);
  HttpResponse const done = ask("GET", path);
  BOOST_TEST(done.status == 200);
  BOOST_TEST(done.body.empty());
  BOOST_TEST(status_of("j") == "Canceled");
  BOOST_TEST(arm("POST", "/jobs/j/cancel").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_pipeline_that_is_over_cannot_be_canceled, MlWorld) {
  Json const body =
      Json::object({{"properties", Json::object({{"jobType", "Pipeline"}, {"jobs", Json::object()}})}});
  BOOST_TEST(json(arm("PUT", "/jobs/p", body)).text({"properties", "status"}) == "Preparing");
  sim.end_job("ws", "p", "Completed");
  HttpResponse const refused = arm("POST", "/jobs/p/cancel");
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(json(refused).text({"error", "message"}).find("terminal status") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_running_job_is_not_deleted_and_an_absent_one_is_nothing, MlWorld) {
  BOOST_TEST(arm("DELETE", "/jobs/j").status == 204);
  arm("PUT", "/jobs/j", command_job());
  BOOST_TEST(arm("DELETE", "/jobs/j").status == 409);
  sim.end_job("ws", "j", "Completed");
  BOOST_TEST(arm("DELETE", "/jobs/j").status == 202);
  BOOST_TEST(arm("GET", "/jobs/j").status == 404);
}

struct ListCase {
  std::string query, names;
  friend std::ostream& operator<<(std::ostream& out, ListCase const& c) { return out << c.query; }
};
std::vector<ListCase> const kLists{{"", "c b"},
                                   {"?listViewType=All", "c b a"},
                                   {"?listViewType=ArchivedOnly", "a"},
                                   {"?tag=mark&listViewType=All", "c a"},
                                   {"?tag=mark%3Dc", "c"},
                                   {"?jobType=Pipeline", ""},
                                   {"?properties=p%3Db", "b"}};
BOOST_DATA_TEST_CASE_F(MlWorld, lists_tell_the_newest_first, data::make(kLists), c) {
  for (std::string const name : {"a", "b", "c"}) {
    Json body = command_job();
    body["properties"]["isArchived"] = name == "a";
    body["properties"]["properties"] = Json::object({{"p", name}});
    if (name != "b") body["properties"]["tags"] = Json::object({{"mark", name}});
    arm("PUT", "/jobs/" + name, body);
    clock.advance(seconds(1));
  }
  Json const list = json(arm("GET", "/jobs" + c.query));
  std::string names;
  for (Json const& item : list.at("value").items()) names += (names.empty() ? "" : " ") + item.text("name");
  BOOST_TEST(names == c.names);
}

BOOST_FIXTURE_TEST_CASE(lists_come_in_pages, MlWorld) {
  for (int i = 0; i < 101; ++i) arm("PUT", "/jobs/j" + std::to_string(i), command_job());
  Json const first = json(arm("GET", "/jobs"));
  BOOST_TEST(first.at("value").items().size() == 100U);
  Json const second = json(ask("GET", first.text("nextLink").substr(options.base_url.size())));
  BOOST_TEST(second.at("value").items().size() == 1U);
  BOOST_TEST(second.find("nextLink") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_job_waits_for_a_node_of_its_cluster, MlWorld) {
  Json const scale = Json::object({{"minNodeCount", 0}, {"maxNodeCount", 1}});
  Json const cluster = Json::object(
      {{"location", "eastus"},
       {"properties", Json::object({{"computeType", "AmlCompute"},
                                    {"properties", Json::object({{"vmSize", "STANDARD_DS3_V2"},
                                                                 {"scaleSettings", scale}})}})}});
  BOOST_TEST(arm("PUT", "/computes/cpu", cluster).status == 201);
  pass(options.provision + seconds(1));
  for (std::string const name : {"a", "b"}) {
    Json body = command_job();
    body["properties"]["computeId"] = workspace + "/computes/cpu";
    BOOST_TEST(arm("PUT", "/jobs/" + name, body).status == 201);
    clock.advance(seconds(1));
  }
  pass(options.queue + options.resize + seconds(2));
  BOOST_TEST(status_of("a") == "Running");
  BOOST_TEST(status_of("b") == "Queued");
  pass(options.run + options.resize + seconds(2));
  BOOST_TEST(status_of("a") == "Completed");
  BOOST_TEST(status_of("b") != "Queued");
}

BOOST_FIXTURE_TEST_CASE(a_failure_is_explained_by_run_history_alone, MlWorld) {
  arm("PUT", "/jobs/j", command_job("python train.py"));
  pass(options.queue + seconds(1));
  sim.end_job("ws", "j", "Failed");
  BOOST_TEST(status_of("j") == "Failed");
  Json const details = json(ask("GET", "/history/v1.0" + workspace + "/runs/j/details"));
  BOOST_TEST(details.text({"error", "error", "code"}) == "UserError");
  BOOST_TEST(details.text({"error", "error", "message"}).find("'python' exited with status code 1") !=
             std::string::npos);
  BOOST_TEST(!details.text("startTimeUtc").empty());
  std::string const log = details.text({"logFiles", "user_logs/std_log.txt"});
  BOOST_REQUIRE(!log.empty());
  BOOST_TEST(send({.method = "GET", .url = log}).status == 200);
  BOOST_TEST(ask("GET", "/history/v1.0" + workspace + "/runs/unknown/details").status == 404);
}

}  // namespace
}  // namespace trainyard::azsim
