#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/ml_world.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;

Json metric(std::string const& run, double value, int step) {
  return Json::object(
      {{"run_id", run}, {"key", "loss"}, {"value", value}, {"timestamp", 1000 + step}, {"step", step}});
}

struct Tracking : MlWorld {
  Tracking() {
    experiment =
        json(mlflow("POST", "experiments/create", Json::object({{"name", "exp"}}))).text("experiment_id");
  }
  std::string create_run(std::string const& name) {
    Json const made = json(
        mlflow("POST", "runs/create", Json::object({{"experiment_id", experiment}, {"run_name", name}})));
    return made.text({"run", "info", "run_id"});
  }
  Json run(std::string const& id) { return json(mlflow("GET", "runs/get?run_id=" + id)).at("run"); }
  std::string experiment;
};

BOOST_FIXTURE_TEST_CASE(an_experiment_has_one_id_by_name_and_by_id, Tracking) {
  BOOST_TEST(json(mlflow("GET", "experiments/get-by-name?experiment_name=exp"))
                 .text({"experiment", "experiment_id"}) == experiment);
  BOOST_TEST(
      json(mlflow("GET", "experiments/get?experiment_id=" + experiment)).text({"experiment", "name"}) ==
      "exp");
  HttpResponse const absent = mlflow("GET", "experiments/get-by-name?experiment_name=no");
  BOOST_TEST(absent.status == 404);
  BOOST_TEST(json(absent).text("error_code") == "RESOURCE_DOES_NOT_EXIST");
}

BOOST_FIXTURE_TEST_CASE(the_last_value_of_a_metric_is_that_of_the_highest_step, Tracking) {
  std::string const id = create_run("r");
  for (int const step : {1, 3, 2})
    BOOST_TEST(mlflow("POST", "runs/log-metric", metric(id, 0.5 / step, step)).status == 200);
  Json const shown = run(id);
  BOOST_REQUIRE(shown.at({"data", "metrics"}).items().size() == 1U);
  BOOST_TEST(shown.at({"data", "metrics"}).items()[0].at("step").integer_or(0) == 3);
  Json const history = json(mlflow("GET", "metrics/get-history?run_id=" + id + "&metric_key=loss"));
  BOOST_TEST(history.at("metrics").items().size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_batch_is_taken_whole_or_not_at_all, Tracking) {
  std::string const id = create_run("r");
  Json batch = Json::object({{"run_id", id},
                             {"params", Json::array({Json::object({{"key", "lr"}, {"value", "0.1"}})})},
                             {"metrics", Json::array({metric(id, 1, 1)})}});
  BOOST_TEST(mlflow("POST", "runs/log-batch", batch).status == 200);
  batch["params"] = Json::array({Json::object({{"key", "lr"}, {"value", "0.2"}})});
  HttpResponse const refused = mlflow("POST", "runs/log-batch", batch);
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(json(mlflow("GET", "metrics/get-history?run_id=" + id + "&metric_key=loss"))
                 .at("metrics")
                 .items()
                 .size() == 1U);
  for (int i = 0; i < 1001; ++i) batch["metrics"].push_back(metric(id, 1, i));
  BOOST_TEST(mlflow("POST", "runs/log-batch", batch).status == 400);
}

BOOST_FIXTURE_TEST_CASE(runs_are_searched_by_value_and_ordered, Tracking) {
  std::string const good = create_run("good"), bad = create_run("bad");
  mlflow("POST", "runs/log-metric", metric(good, 0.1, 1));
  mlflow("POST", "runs/log-metric", metric(bad, 0.9, 1));
  auto const search = [&](std::string const& filter) {
    Json const found = json(mlflow("POST", "runs/search",
                                   Json::object({{"experiment_ids", Json::array({experiment})},
                                                 {"filter", filter},
                                                 {"order_by", Json::array({"metrics.loss DESC"})}})));
    std::string names;
    for (Json const& item : found.at("runs").items()) names += item.text({"info", "run_name"}) + " ";
    return names;
  };
  BOOST_TEST(search("") == "bad good ");
  BOOST_TEST(search("metrics.loss < 0.5") == "good ");
  BOOST_TEST(search("metrics.loss >= 0.1 and attributes.run_name = 'bad'") == "bad ");
  BOOST_TEST(mlflow("POST", "runs/search",
                    Json::object({{"experiment_ids", Json::array({experiment})}, {"filter", "what"}}))
                 .status == 400);
}

BOOST_FIXTURE_TEST_CASE(a_job_is_a_run_of_its_own_name, Tracking) {
  BOOST_TEST(mlflow("GET", "runs/get?run_id=j").status == 404);
  arm("PUT", "/jobs/j", command_job());
  BOOST_TEST(run("j").text({"info", "status"}) == "SCHEDULED");
  BOOST_TEST(run("j").text({"info", "experiment_id"}) == experiment);
  BOOST_TEST(
      mlflow("POST", "runs/set-tag", Json::object({{"run_id", "j"}, {"key", "t"}, {"value", "v"}})).status ==
      200);
  BOOST_TEST(json(arm("GET", "/jobs/j")).text({"properties", "tags", "t"}) == "v");
  BOOST_TEST(mlflow("POST", "runs/update", Json::object({{"run_id", "j"}, {"status", "FINISHED"}})).status ==
             400);
  pass(options.queue + options.run);
  BOOST_TEST(run("j").text({"info", "status"}) == "FINISHED");
}

BOOST_FIXTURE_TEST_CASE(a_registered_model_is_a_model_of_the_workspace, Tracking) {
  BOOST_TEST(mlflow("POST", "registered-models/create", Json::object({{"name", "m"}})).status == 200);
  Json const made = json(mlflow("POST", "model-versions/create",
                                Json::object({{"name", "m"}, {"source", "runs:/j/model"}, {"run_id", "j"}})));
  BOOST_TEST(made.text({"model_version", "version"}) == "1");
  BOOST_TEST(json(arm("GET", "/models/m/versions/1")).text({"properties", "jobName"}) == "j");
  BOOST_TEST(json(mlflow("GET", "registered-models/get?name=m"))
                 .at({"registered_model", "latest_versions"})
                 .items()
                 .size() == 1U);
  BOOST_TEST(mlflow("GET", "registered-models/get?name=no").status == 404);
}

BOOST_FIXTURE_TEST_CASE(a_registered_model_is_changed_and_deleted, Tracking) {
  auto const call = [&](char const* method, std::string const& what, Json body) {
    body["name"] = "m";
    return mlflow(method, what, body);
  };
  Json const one = Json::object({{"version", "1"}});
  auto const with = [](Json body, char const* field, char const* value) {
    body[field] = value;
    return body;
  };
  call("POST", "registered-models/create", Json::object());
  call("POST", "model-versions/create", Json::object({{"source", "runs:/j/model"}}));
  call("POST", "model-versions/set-tag", with(with(one, "key", "k"), "value", "v"));
  call("PATCH", "model-versions/update", with(one, "description", "words"));
  Json const staged = json(call("POST", "model-versions/transition-stage", with(one, "stage", "Staging")))
                          .at("model_version");
  BOOST_TEST(staged.text("current_stage") == "Staging");
  BOOST_TEST(staged.text("description") == "words");
  BOOST_TEST(staged.at("tags").dump() == R"([{"key":"k","value":"v"}])");
  BOOST_TEST(json(arm("GET", "/models/m/versions/1")).text({"properties", "stage"}) == "Staging");
  BOOST_TEST(call("DELETE", "model-versions/delete", one).status == 200);
  BOOST_TEST(call("DELETE", "model-versions/delete", one).status == 404);
  BOOST_TEST(call("DELETE", "registered-models/delete", Json::object()).status == 200);
  BOOST_TEST(call("PATCH", "registered-models/update", Json::object()).status == 404);
}

struct ByCase {
  std::string by;
  friend std::ostream& operator<<(std::ostream& out, ByCase const& c) { return out << c.by; }
};
std::vector<ByCase> const kWaysToArtifacts{{"experimentids"}, {"experiments"}};
BOOST_DATA_TEST_CASE_F(Tracking, an_artifact_is_written_where_run_history_says, data::make(kWaysToArtifacts),
                       c) {
  std::string const id = create_run("r");
  std::string const artifacts =
      "/history/v1.0" + workspace + "/" + c.by + "/" + experiment + "/runs/" + id + "/artifacts";
  Json const paths = Json::object({{"paths", Json::array({Json::object({{"path", "model/w.txt"}})})}});
  Json const places = json(ask("POST", artifacts + "/batch/metadata", paths));
  std::string const place = places.text({"artifactContentInformation", "model/w.txt", "contentUri"});
  BOOST_TEST(send({.method = "PUT", .url = place, .headers = {{"x-ms-blob-type", "BlockBlob"}}, .body = "w"})
                 .status == 201);
  Json const listed = json(ask("GET", artifacts)).at("value");
  BOOST_REQUIRE(listed.items().size() == 1U);
  BOOST_TEST(listed.items()[0].text("path") == "model/w.txt");
  Json const info = json(ask("GET", artifacts + "/contentinfo?path=model%2Fw.txt"));
  BOOST_TEST(send({.method = "GET", .url = info.text("contentUri")}).body == "w");
}

BOOST_FIXTURE_TEST_CASE(the_data_plane_wants_a_token, MlWorld) {
  BOOST_TEST(
      send({.method = "GET",
            .url = options.base_url + "/mlflow/v2.0" + workspace + "/api/2.0/mlflow/runs/get?run_id=j"})
          .status == 401);
}

}  // namespace
}  // namespace trainyard::azsim
