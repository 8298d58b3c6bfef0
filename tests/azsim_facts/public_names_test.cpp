#include <boost/test/unit_test.hpp>

#include "tests/azsim/addresses.hpp"

namespace trainyard::azsim {
namespace {

Options public_options() {
  Options options = default_options();
  options.public_names = true;
  options.base_url = kPublicResourceManager;
  return options;
}

struct PublicWorld {
  PublicWorld() { sim.add_workspace("group", "ws"); }
  Json ask(HttpRequest const& request) {
    Result<Json> answer = Json::parse(sim.handle(request).response.body);
    return answer ? std::move(*answer) : Json();
  }
  std::string token() {
    return ask({.method = "POST",
                .url = authority_url(options) + "/" + options.tenant + "/oauth2/v2.0/token",
                .body = "grant_type=client_credentials&client_id=" + options.client + "&client_secret=" +
                        options.secret + "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"})
        .text("access_token");
  }
  Json arm(std::string const& method, std::string const& path) {
    return ask({.method = method,
                .url = options.base_url + workspace + path + "?api-version=2023-10-01",
                .headers = {{"Authorization", "Bearer " + token()}}});
  }

  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 56))};
  SeededRandom random{7};
  Options options = public_options();
  AzureSim sim{clock, random, options};
  std::string workspace = "/subscriptions/" + options.subscription +
                          "/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/ws";
};

BOOST_FIXTURE_TEST_CASE(each_service_is_told_by_its_name_in_the_public_cloud, PublicWorld) {
  Json const properties = arm("GET", "").at("properties");
  BOOST_TEST(properties.text("discoveryUrl") == "https://eastus.api.azureml.ms/discovery");
  BOOST_TEST(properties.text("mlFlowTrackingUri") ==
             "azureml://eastus.api.azureml.ms/mlflow/v1.0" + workspace);
  Json const services = ask({.method = "GET", .url = properties.text("discoveryUrl")});
  BOOST_TEST(services.text("history") == "https://eastus.api.azureml.ms");
  Json const openid = ask({.method = "GET",
                           .url = "https://login.microsoftonline.com/" + options.tenant +
                                  "/v2.0/.well-known/openid-configuration"});
  BOOST_TEST(openid.text("token_endpoint") ==
             "https://login.microsoftonline.com/" + options.tenant + "/oauth2/v2.0/token");
}

BOOST_FIXTURE_TEST_CASE(the_cloud_is_the_public_one, PublicWorld) {
  Json const clouds =
      ask({.method = "GET", .url = options.base_url + "/metadata/endpoints?api-version=2019-05-01"});
  BOOST_REQUIRE(clouds.items().size() == 1U);
  Json const& cloud = clouds.items()[0];
  BOOST_TEST(cloud.text("name") == "AzureCloud");
  BOOST_TEST(cloud.text("resourceManager") == "https://management.azure.com/");
  BOOST_TEST(cloud.text({"authentication", "loginEndpoint"}) == "https://login.microsoftonline.com/");
  BOOST_TEST(cloud.text({"suffixes", "storage"}) == "core.windows.net");
}

BOOST_FIXTURE_TEST_CASE(a_blob_is_at_the_host_of_its_account, PublicWorld) {
  Json const upload = arm("POST", "/codes/c/versions/1/startPendingUpload");
  std::string const uri = upload.text({"blobReferenceForConsumption", "credential", "sasUri"});
  std::size_t const mark = uri.find('?');
  Url const url = *parse_url(uri);
  BOOST_TEST(url.host.ends_with(".blob.core.windows.net"));
  std::string const blob = uri.substr(0, mark) + "/f" + uri.substr(mark);
  BOOST_TEST(
      sim.handle({.method = "PUT", .url = blob, .headers = {{"x-ms-blob-type", "BlockBlob"}}, .body = "x"})
          .response.status == 201);
  BOOST_TEST(sim.handle({.method = "GET", .url = blob}).response.body == "x");
}

}  // namespace
}  // namespace trainyard::azsim
