// Resource Manager in front, groups, workspaces and datastores.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;
using std::chrono::seconds;

std::string const kSub = "/subscriptions/00000000-0000-0000-0000-000000000001";
std::string const kWorkspaces = "/providers/Microsoft.MachineLearningServices/workspaces/";

struct Fact {
  std::string what, method, path;
  Json body;
  int status;
  std::string code;  // of an error; "" for none, or for an error without a body
  friend std::ostream& operator<<(std::ostream& out, Fact const& c) { return out << c.what; }
};
std::string const kWs = kSub + "/resourceGroups/g" + kWorkspaces + "ws";
std::vector<Fact> const kFacts{
    {"a subscription that is not there",
     "GET",
     "/subscriptions/x/resourceGroups/g",
     {},
     404,
     "SubscriptionNotFound"},
    {"a group that is not there", "GET", kSub + "/resourceGroups/none", {}, 404, "ResourceGroupNotFound"},
    {"below a group that is not there",
     "GET",
     kSub + "/resourceGroups/none" + kWorkspaces + "ws",
     {},
     404,
     "ResourceGroupNotFound"},
    {"a workspace that is not there",
     "GET",
     kSub + "/resourceGroups/g" + kWorkspaces + "none",
     {},
     404,
     "ResourceNotFound"},
    {"below a workspace that is not there",
     "GET",
     kSub + "/resourceGroups/g" + kWorkspaces + "none/computes",
     {},
     404,
     "ResourceNotFound"},
    {"names without case", "GET", kSub + "/resourcegroups/G" + kWorkspaces + "WS", {}, 200, ""},
    {"a malformed api-version", "GET", kWs + "?api-version=now", {}, 400, "InvalidApiVersionParameter"},
    {"a preview api-version", "GET", kWs + "?api-version=2022-10-01-preview", {}, 200, ""},
    {"no such type", "GET", kWs + "/nothing", {}, 404, "InvalidResourceType"},
    {"no such method", "PATCH", kWs + "/datastores", {}, 405, "MethodNotAllowed"},
    {"a group without location", "PUT", kSub + "/resourceGroups/n", Json::object({{"tags", nullptr}}), 400,
     "LocationRequired"},
    {"a workspace elsewhere", "PUT", kWs, Json::object({{"location", "westus"}}), 409,
     "InvalidResourceLocation"},
    {"deleting no workspace", "DELETE", kSub + "/resourceGroups/g" + kWorkspaces + "none", {}, 204, ""},
    {"a datastore that is not there", "GET", kWs + "/datastores/none", {}, 404, "UserError"},
    {"deleting no datastore", "DELETE", kWs + "/datastores/none", {}, 204, ""},
    {"a compute that is not there", "GET", kWs + "/computes/none", {}, 404, ""},
    {"deleting no compute", "DELETE", kWs + "/computes/none", {}, 204, ""},
    {"a cluster without size", "PUT", kWs + "/computes/c1", cluster_body(2, ""), 400, "UserError"},
    {"a cluster with a bad name", "PUT", kWs + "/computes/1c", cluster_body(2), 400, "UserError"},
    {"a cluster of less than no nodes", "PUT", kWs + "/computes/c1", cluster_body(-1), 400, "UserError"},
    {"an operation that never was",
     "GET",
     kSub + "/providers/Microsoft.MachineLearningServices/locations/eastus/computeOperationsStatus/x",
     {},
     404,
     "NotFound"},
};

BOOST_DATA_TEST_CASE(what_the_service_says, data::make(kFacts), c) {
  Asker asker;
  HttpResponse const reply = asker.ask(c.method, c.path, c.body);
  BOOST_TEST(reply.status == c.status);
  BOOST_TEST(Asker::code(reply) == c.code);
  if (c.code.empty() && c.status >= 300) BOOST_TEST(reply.body.empty());
}

BOOST_AUTO_TEST_CASE(every_answer_has_the_headers_of_the_front) {
  Asker asker;
  HttpResponse const reply = asker.ask("GET", asker.workspace());
  BOOST_TEST(reply.header("Date").value_or("") == "Mon, 05 Jan 2026 08:00:00 GMT");
  for (std::string const name : {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id",
                                 "x-request-time", "x-ms-ratelimit-remaining-subscription-reads"})
    BOOST_TEST(reply.header(name).has_value(), name);
  BOOST_TEST(reply.header("x-ms-response-type").value_or("") == "standard");
  HttpResponse const gateway = asker.ask("GET", asker.workspace() + "x");
  BOOST_TEST(gateway.header("x-ms-failure-cause").value_or("") == "gateway");
  BOOST_TEST(!gateway.header("x-request-time"));
}

BOOST_AUTO_TEST_CASE(requests_without_token_or_version_go_no_further) {
  Asker asker;
  std::string const url = asker.options.base_url + asker.workspace();
  HttpResponse const nobody = asker.sim.handle({.url = url + "?api-version=2023-10-01"}).response;
  BOOST_TEST(nobody.status == 401);
  BOOST_TEST(Asker::code(nobody) == "AuthenticationFailed");
  HttpResponse const bare =
      asker.sim.handle({.url = url, .headers = {{"Authorization", "Bearer " + asker.token}}}).response;
  BOOST_TEST(bare.status == 400);
  BOOST_TEST(Asker::code(bare) == "MissingApiVersionParameter");
}

BOOST_AUTO_TEST_CASE(a_workspace_is_made_in_time_and_keeps_its_id) {
  Asker asker;
  std::string const path = kSub + "/resourceGroups/g" + kWorkspaces + "new";
  Json const body = Json::object({{"location", "eastus"}, {"tags", Json::object({{"a", "b"}})}});
  HttpResponse const put = asker.ask("PUT", path, body);
  BOOST_TEST(put.status == 202);
  BOOST_TEST(put.body.empty());
  BOOST_TEST(!put.header("Retry-After"));
  std::string const status = put.header("Azure-AsyncOperation").value_or("");
  std::string const result = put.header("Location").value_or("");
  BOOST_TEST(status.size() > 3000);  // signed, as since 2024
  BOOST_TEST(asker.get(status).dump() == R"({"status":"InProgress"})");
  BOOST_TEST(asker.ask("GET", result).status == 202);
  BOOST_TEST(asker.get(path).text({"properties", "provisioningState"}) == "Creating");
  asker.clock.advance(asker.options.provision);
  BOOST_TEST(asker.get(status).text("status") == "Succeeded");
  Json const made = asker.get(result);
  BOOST_TEST(made.text({"properties", "provisioningState"}) == "Succeeded");
  BOOST_TEST(made.text({"tags", "a"}) == "b");
  BOOST_TEST(made.at("etag").is_null());
  std::string const guid = made.text({"properties", "workspaceId"});
  BOOST_TEST(asker.ask("PUT", path, body).status == 202);
  BOOST_TEST(asker.get(path).text({"properties", "workspaceId"}) == guid);
  BOOST_TEST(asker.ask("PATCH", path, Json::object({{"tags", Json::object()}})).status == 202);
  BOOST_TEST(asker.get(path).at("tags").members().empty());
  BOOST_TEST(asker.ask("DELETE", path).status == 202);
  BOOST_TEST(asker.get(path).text({"properties", "provisioningState"}) == "Deleting");
  BOOST_TEST(asker.ask("GET", path + "/computes").status == 404);
  asker.clock.advance(asker.options.del);
  BOOST_TEST(asker.ask("GET", path).status == 404);
}

BOOST_AUTO_TEST_CASE(a_group_takes_its_workspaces_with_it) {
  Asker asker;
  std::string const group = kSub + "/resourceGroups/h";
  Json const body = Json::object({{"location", "eastus"}});
  BOOST_TEST(asker.ask("PUT", group, body).status == 201);
  BOOST_TEST(asker.ask("PUT", group, body).status == 200);
  asker.sim.add_workspace("h", "inside");
  HttpResponse const gone = asker.ask("DELETE", group);
  BOOST_TEST(gone.status == 202);
  std::string const poll = gone.header("Location").value_or("");
  BOOST_TEST(asker.ask("GET", poll).status == 202);
  asker.clock.advance(asker.options.del);
  BOOST_TEST(asker.ask("GET", poll).status == 200);
  BOOST_TEST(asker.ask("GET", group).status == 404);
  asker.ask("PUT", group, body);
  BOOST_TEST(asker.ask("GET", group + kWorkspaces + "inside").status == 404);
}

BOOST_AUTO_TEST_CASE(a_workspace_brings_its_datastores_and_takes_more) {
  Asker asker;
  std::string const stores = asker.workspace() + "/datastores";
  Json const blob = asker.get(stores + "/workspaceblobstore");
  BOOST_TEST(blob.at({"properties", "isDefault"}).bool_or(false));
  std::string const guid = asker.get(asker.workspace()).text({"properties", "workspaceId"});
  BOOST_TEST(blob.text({"properties", "containerName"}) == "azureml-blobstore-" + guid);
  BOOST_TEST(asker.get(stores).at("value").items().size() == 4U);
  BOOST_TEST(asker.get(stores + "?isDefault=true").at("value").items().size() == 1U);
  Json const credentials =
      Json::object({{"credentialsType", "AccountKey"},
                    {"secrets", Json::object({{"secretsType", "AccountKey"}, {"key", "hidden"}})}});
  Json const body = Json::object({{"properties", Json::object({{"datastoreType", "AzureBlob"},
                                                               {"accountName", "acc"},
                                                               {"containerName", "con"},
                                                               {"credentials", credentials}})}});
  HttpResponse const put = asker.ask("PUT", stores + "/mine?skipValidation=true", body);
  BOOST_TEST(put.status == 201);
  BOOST_TEST(put.header("Location").has_value());
  BOOST_TEST(put.body.find("hidden") == std::string::npos);
  BOOST_TEST(asker.ask("PUT", stores + "/mine", body).status == 200);
  Json const secrets = Asker::body(asker.ask("POST", stores + "/mine/listSecrets"));
  BOOST_TEST(secrets.text("key") == "hidden");
  BOOST_TEST(asker.ask("DELETE", stores + "/mine").status == 200);
  BOOST_TEST(asker.ask("GET", stores + "/mine").status == 404);
}

BOOST_AUTO_TEST_CASE(long_lists_come_in_pages) {
  Asker asker;
  std::string next = asker.workspace() + "/datastores?count=3";
  std::size_t items = 0, pages = 0;
  while (!next.empty()) {
    Json const page = asker.get(next);
    items += page.at("value").items().size();
    next = page.text("nextLink");
    BOOST_REQUIRE(++pages < 5U);
  }
  BOOST_TEST(items == 4U);
  BOOST_TEST(pages == 2U);
}

}  // namespace
}  // namespace trainyard::azsim
