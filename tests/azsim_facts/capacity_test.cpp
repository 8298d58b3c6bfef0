#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

std::string location(Asker const& asker) {
  return asker.subscription() + "/providers/Microsoft.MachineLearningServices/locations/eastus";
}

std::int64_t used(Asker& asker, std::string const& pool) {
  Json const usages = asker.get(location(asker) + "/usages");
  for (Json const& row : usages.at("value").items())
    if (row.text({"name", "value"}) == pool) return row.at("currentValue").integer_or(-1);
  return -1;
}

BOOST_AUTO_TEST_CASE(usages_count_the_clusters_and_the_cores_they_hold) {
  Asker asker;
  std::string const family = "Standard DSv2 Family Cluster Dedicated vCPUs";
  BOOST_TEST(used(asker, "Clusters") == 0);
  Json body = cluster_body(2);
  body["properties"]["properties"]["scaleSettings"]["minNodeCount"] = 2;
  asker.ask("PUT", asker.workspace() + "/computes/gpu", body);
  BOOST_TEST(used(asker, "Clusters") == 1);
  for (int minutes = 0; minutes < 2; ++minutes) {  // made, then grown
    asker.clock.advance(std::chrono::minutes{1});
    asker.sim.tick();
  }
  BOOST_TEST(used(asker, family) == 8);
  BOOST_TEST(used(asker, "Total Cluster Dedicated Regional vCPUs") == 8);
}

BOOST_AUTO_TEST_CASE(sizes_say_what_they_have_and_who_takes_them) {
  Asker asker;
  Json const sizes = asker.get(location(asker) + "/vmSizes");
  BOOST_TEST(sizes.find("nextLink") == nullptr);
  for (Json const& size : sizes.at("value").items()) {
    BOOST_TEST(size.at("vCPUs").integer_or(0) > 0);
    BOOST_TEST(size.at({"supportedComputeTypes"}).items().at(0).string_or("") == "AmlCompute");
  }
}

BOOST_AUTO_TEST_CASE(a_quota_that_cannot_be_given_is_told_with_200) {
  Asker asker;
  Json const quotas = asker.get(location(asker) + "/quotas");
  Json const row = quotas.at("value").items().at(0);
  BOOST_TEST(row.find("currentValue") == nullptr);
  HttpResponse const reply = asker.ask("POST", location(asker) + "/updateQuotas",
                                       Json::object({{"value", Json::array({row})}, {"location", "eastus"}}));
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(Asker::body(reply).at("value").items().at(0).text("status") ==
             "InvalidQuotaExceedsSubscriptionLimit");
}

}  // namespace
}  // namespace trainyard::azsim
