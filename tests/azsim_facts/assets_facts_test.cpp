#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/ml_world.hpp"

namespace trainyard::azsim {
namespace {

Json properties(std::initializer_list<Json::Member> members) {
  return Json::object({{"properties", Json::object(members)}});
}

BOOST_FIXTURE_TEST_CASE(a_code_version_is_made_once_and_its_place_stays, MlWorld) {
  Json const body = properties({{"codeUri", "https://x/c/src"}, {"isAnonymous", true}});
  HttpResponse const made = arm("PUT", "/codes/c/versions/1", body);
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.header("Location").value_or("").ends_with("/codes/c/versions/1?api-version=2023-10-01"));
  BOOST_TEST(json(made).at({"properties", "isAnonymous"}).bool_or(true) == false);
  BOOST_TEST(json(made).text({"properties", "provisioningState"}) == "Succeeded");
  BOOST_TEST(json(made).text("name") == "1");
  BOOST_TEST(arm("PUT", "/codes/c/versions/1", body).status == 200);
  HttpResponse const other = arm("PUT", "/codes/c/versions/1", properties({{"codeUri", "https://x/d/src"}}));
  BOOST_TEST(other.status == 400);
  BOOST_TEST(json(other).text({"error", "message"}) == "Asset paths cannot be updated.");
}

BOOST_FIXTURE_TEST_CASE(codes_are_found_by_hash_whatever_name_is_asked, MlWorld) {
  Json const hash = Json::object({{"hash_sha256", "abc"}, {"hash_version", "202208"}});
  arm("PUT", "/codes/c/versions/1", properties({{"codeUri", "https://x/c"}, {"properties", hash}}));
  Json const hit = json(arm("GET", "/codes/nobody/versions?hash=abc&hashVersion=202208"));
  BOOST_REQUIRE(hit.at("value").items().size() == 1U);
  BOOST_TEST(hit.at("value").items()[0].text("id").ends_with("/codes/c/versions/1"));
  HttpResponse const miss = arm("GET", "/codes/nobody/versions?hash=def&hashVersion=202208");
  BOOST_TEST(miss.status == 200);
  BOOST_TEST(json(miss).at("value").items().empty());
}

BOOST_FIXTURE_TEST_CASE(older_versions_of_the_api_do_not_know_newer_fields, MlWorld) {
  arm("PUT", "/codes/c/versions/1", properties({{"codeUri", "https://x/c"}}));
  api_version = "2022-05-01";
  BOOST_TEST(json(arm("GET", "/codes/c/versions/1")).at("properties").find("provisioningState") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(an_environments_put_is_always_created_and_its_conda_file_becomes_json, MlWorld) {
  Json const body =
      properties({{"image", "debian:12"}, {"condaFile", "name: e\ndependencies:\n- python=3.8\n"}});
  HttpResponse const made = arm("PUT", "/environments/e/versions/1", body);
  BOOST_TEST(made.status == 201);
  BOOST_TEST(json(made).text({"properties", "condaFile"}) ==
             "{\n  \"name\": \"e\",\n  \"dependencies\": [\n    \"python=3.8\"\n  ]\n}");
  BOOST_TEST(json(made).text({"properties", "osType"}) == "Linux");
  BOOST_TEST(arm("PUT", "/environments/e/versions/1", body).status == 201);
}

BOOST_FIXTURE_TEST_CASE(each_kind_says_in_its_own_words_that_it_has_none, MlWorld) {
  HttpResponse const environment = arm("GET", "/environments/e");
  BOOST_TEST(environment.status == 404);
  BOOST_TEST(json(environment).text({"error", "message"}) ==
             "No environment exists for name: e, version: , label: ");
  HttpResponse const model = arm("GET", "/models/m");
  BOOST_TEST(model.status == 404);
  BOOST_TEST(json(model).at({"error", "details"}).items().at(0).text("code") == "ModelNotFound");
  BOOST_TEST(arm("GET", "/data/d/versions/1").status == 404);
  BOOST_TEST(arm("GET", "/codes/c/versions/1").status == 404);
}

BOOST_FIXTURE_TEST_CASE(versions_count_on_and_the_latest_is_the_newest, MlWorld) {
  for (char const* version : {"1", "4", "foo"})
    arm("PUT", std::string("/models/m/versions/") + version,
        properties({{"modelUri", "azureml://datastores/a/paths/p"}}));
  Json const container = json(arm("GET", "/models/m"));
  BOOST_TEST(container.text({"properties", "latestVersion"}) == "foo");
  BOOST_TEST(container.text({"properties", "nextVersion"}) == "5");
  Json const latest = json(arm("GET", "/models/m/versions?$orderBy=createdtime%20desc&$top=1"));
  BOOST_REQUIRE(latest.at("value").items().size() == 1U);
  BOOST_TEST(latest.at("value").items()[0].text("name") == "foo");
  std::string const next = latest.text("nextLink");
  BOOST_REQUIRE(next.starts_with(options.base_url));
  Json const second = json(ask("GET", next.substr(options.base_url.size())));
  BOOST_TEST(second.at("value").items().at(0).text("name") == "4");
}

BOOST_FIXTURE_TEST_CASE(data_is_told_in_full_and_shorter_in_lists, MlWorld) {
  Json const body =
      properties({{"dataType", "uri_folder"}, {"dataUri", "azureml://datastores/blob/paths/d"}});
  Json const made = json(arm("PUT", "/data/d/versions/1", body));
  BOOST_TEST(made.text({"properties", "dataUri"}) ==
             "azureml://subscriptions/" + options.subscription +
                 "/resourcegroups/group/workspaces/ws/datastores/blob/paths/d/");
  Json const list = json(arm("GET", "/data/d/versions"));
  std::string const shown = list.at("value").items().at(0).text({"properties", "dataUri"});
  BOOST_TEST(shown.starts_with("azureml://workspaces/"));
  BOOST_TEST(shown.ends_with("/datastores/blob/paths/d/"));
}

BOOST_FIXTURE_TEST_CASE(what_is_archived_is_left_out_of_lists_and_still_there, MlWorld) {
  Json body = properties({{"dataType", "uri_file"}, {"dataUri", "https://x/f"}});
  arm("PUT", "/data/d/versions/1", body);
  body["properties"]["isArchived"] = true;
  BOOST_TEST(arm("PUT", "/data/d/versions/1", body).status == 200);
  BOOST_TEST(json(arm("GET", "/data/d/versions?listViewType=ActiveOnly")).at("value").items().empty());
  BOOST_TEST(json(arm("GET", "/data/d/versions?listViewType=All")).at("value").items().size() == 1U);
  BOOST_TEST(arm("GET", "/data/d/versions/1").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_puts_everything_back, MlWorld) {
  arm("PUT", "/models/m/versions/1",
      properties({{"modelUri", "https://x/m"}, {"tags", Json::object({{"a", "b"}})}}));
  Json const before = json(arm("GET", "/models/m/versions/1"));
  AzureSim other(clock, random, options);
  BOOST_REQUIRE(other.restore(sim.snapshot()).has_value());
  BOOST_TEST(other.snapshot().dump() == sim.snapshot().dump());
  BOOST_REQUIRE(sim.restore(other.snapshot()).has_value());
  BOOST_TEST((json(arm("GET", "/models/m/versions/1")) == before));
}

}  // namespace
}  // namespace trainyard::azsim
