#include "reconcilers/azure/computes.hpp"

#include <boost/test/data/test_case.hpp>

#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

namespace data = boost::unit_test::data;

struct Computes : Scripted {
  ComputesClient computes{arm, id};
};

BOOST_AUTO_TEST_CASE(a_whole_answer_is_read) {
  Result<Compute> const compute = parse_compute(compute_body("gpu"));
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(compute->name == "gpu");
  BOOST_TEST(compute->type == "AmlCompute");
  BOOST_TEST(compute->succeeded());
  BOOST_TEST(compute->vm_size == "STANDARD_DS2_V2");
  BOOST_TEST(compute->min_nodes.value_or(-1) == 0);
  BOOST_TEST(compute->max_nodes.value_or(-1) == 2);
  BOOST_TEST(compute->idle_time.value_or(Duration{}).count() == 100000);
  BOOST_TEST(compute->allocation_state == "Steady");
  BOOST_REQUIRE(compute->nodes.has_value());
  BOOST_TEST(compute->nodes->idle == 1);
  BOOST_TEST(compute->tags.text("team") == "a");
  BOOST_TEST(compute->complete);
}

BOOST_AUTO_TEST_CASE(a_compute_that_is_being_created_is_all_nulls_and_yet_whole) {
  Json body = compute_body("gpu", "Creating");
  body["tags"] = nullptr;
  Json& inner = body["properties"]["properties"];
  for (char const* name :
       {"currentNodeCount", "targetNodeCount", "nodeStateCounts", "allocationState", "errors"})
    inner[name] = nullptr;
  Result<Compute> const compute = parse_compute(body);
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(!compute->succeeded());
  BOOST_TEST(!compute->nodes.has_value());
  BOOST_TEST(compute->tags.members().empty());
  BOOST_TEST(compute->complete);
}

struct NullCase {
  std::string name;
  std::function<void(Json&)> change;
  bool complete;
  friend std::ostream& operator<<(std::ostream& out, NullCase const& c) { return out << c.name; }
};
std::vector<NullCase> const kNulls{
    {"tags", [](Json& b) { b["tags"] = nullptr; }, false},
    {"inner properties", [](Json& b) { b["properties"]["properties"] = nullptr; }, false},
    {"inner properties while Creating",
     [](Json& b) {
       b["properties"]["provisioningState"] = "Creating", b["properties"]["properties"] = nullptr;
     },
     false},
    {"node counts", [](Json& b) { b["properties"]["properties"]["nodeStateCounts"] = nullptr; }, false},
    {"allocation state", [](Json& b) { b["properties"]["properties"].erase("allocationState"); }, false},
    {"scale", [](Json& b) { b["properties"]["properties"]["scaleSettings"] = nullptr; }, false},
    {"times", [](Json& b) { b["properties"].erase("createdOn"); }, false},
    {"idle time only",
     [](Json& b) { b["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] = nullptr; },
     true},
    {"Failed has fewer fields",
     [](Json& b) {
       b["properties"]["provisioningState"] = "Failed",
       b["properties"]["properties"]["nodeStateCounts"] = nullptr;
     },
     true},
    {"another type",
     [](Json& b) { b["properties"]["computeType"] = "Kusto", b["properties"]["properties"] = nullptr; },
     true},
};
BOOST_DATA_TEST_CASE(nulls_that_only_a_get_tells, data::make(kNulls), c) {
  Json body = compute_body("gpu");
  c.change(body);
  Result<Compute> const compute = parse_compute(body);
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(compute->complete == c.complete);
}

BOOST_AUTO_TEST_CASE(errors_of_provisioning_and_of_nodes_are_told) {
  Json body = compute_body("gpu", "Failed");
  body["properties"]["provisioningErrors"] = Json::array({Json::object(
      {{"error", Json::object({{"code", "ClusterMinNodesExceedCoreQuota"}, {"message", "quota of 0"}})}})});
  body["properties"]["properties"]["errors"] =
      Json::array({Json::object({{"code", "DiskFull"}, {"message", "node full"}})});
  Result<Compute> const compute = parse_compute(body);
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(compute->failed());
  BOOST_REQUIRE(compute->errors.size() == 2U);
  BOOST_TEST(compute->errors[0] == "ClusterMinNodesExceedCoreQuota: quota of 0");
  BOOST_TEST(compute->errors[1] == "DiskFull: node full");
}

BOOST_AUTO_TEST_CASE(what_has_no_name_is_no_compute) {
  for (Json const& body : {Json(), Json::array({1}), Json::object({{"properties", 1}})})
    BOOST_TEST(!parse_compute(body).has_value());
}

BOOST_FIXTURE_TEST_CASE(an_empty_404_is_absence, Computes) {
  wire().expect("GET", "/workspaces/W/computes/gpu?api-version=2023-10-01", 404, "",
                {{"Date", "Sun, 01 Mar 2026 00:00:09 GMT"}});
  ArmTold told;
  Result<std::optional<Compute>> const compute = computes.get("gpu", Urgency::Edit, {}, &told);
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(!compute->has_value());
  BOOST_TEST((told.date == at("2026-03-01T00:00:09Z")));
}

BOOST_FIXTURE_TEST_CASE(the_404_of_the_workspace_is_no_absence, Computes) {
  wire().expect("GET", "/computes/gpu", 404, kWorkspaceMissing);
  Result<std::optional<Compute>> const compute = computes.get("gpu", Urgency::Edit, {});
  BOOST_REQUIRE(!compute.has_value());
  BOOST_TEST((compute.error().kind == ErrorKind::NotFound));
}

BOOST_FIXTURE_TEST_CASE(a_put_answers_with_the_compute, Computes) {
  wire().expect("PUT", "/computes/gpu?api-version", 201, compute_body("gpu", "Creating").dump(),
                {{"Azure-AsyncOperation", "https://x/?s=secretly"}});
  Result<Compute> const compute = computes.put("gpu", Json::object({{"location", "eastus"}}), {});
  BOOST_REQUIRE(compute.has_value());
  BOOST_TEST(compute->provisioning_state == "Creating");
  BOOST_TEST(lines.find("secretly") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_write_that_was_reserved_is_sent_whoever_came_between, Computes) {
  std::optional<WriteToken> token;
  token.emplace(*arm.reserve_write());
  while (!limits.take("S", Verb::Write, false)) continue;
  BOOST_TEST((arm.reserve_write().error().kind == ErrorKind::Throttled));
  BOOST_TEST((computes.put("gpu", Json::object(), {}).error().kind == ErrorKind::Throttled));
  wire().expect("PUT", "/computes/gpu", 201, compute_body("gpu", "Creating").dump());
  BOOST_TEST(computes.put("gpu", Json::object(), {}, std::move(token)).has_value());
  token.reset();
  BOOST_TEST(limits.remaining("S", Verb::Write) == 0.0);  // it was spent
}

BOOST_FIXTURE_TEST_CASE(a_reserved_write_that_is_not_sent_goes_back, Computes) {
  double const before = limits.remaining("S", Verb::Write);
  { Result<WriteToken> const unused = arm.reserve_write(); }
  BOOST_TEST(limits.remaining("S", Verb::Write) == before);
}

BOOST_FIXTURE_TEST_CASE(a_put_without_a_body_in_its_answer_is_in_doubt, Computes) {
  wire().expect("PUT", "/computes/gpu", 200);
  Result<Compute> const compute = computes.put("gpu", Json::object(), {});
  BOOST_REQUIRE(!compute.has_value());
  BOOST_TEST(compute.error().maybe_applied);
}

BOOST_FIXTURE_TEST_CASE(a_delete_takes_the_cluster_with_it, Computes) {
  for (int const status : {202, 200, 204}) {
    wire().expect("DELETE", "/computes/gpu?underlyingResourceAction=Delete&api-version=", status);
    BOOST_TEST(computes.remove("gpu", {}).has_value());
  }
}

BOOST_FIXTURE_TEST_CASE(a_list_keeps_what_it_does_not_know_and_leaves_out_what_has_no_name, Computes) {
  Json const page = Json::object(
      {{"value", Json::array({compute_body("a"), Json::object({{"odd", 1}}),
                              Json::object({{"name", "k"},
                                            {"properties", Json::object({{"computeType", "Kusto"}})}})})}});
  wire().expect("GET", "/workspaces/W/computes?api-version=2023-10-01", 200, page.dump());
  Result<ComputeList> const list = computes.list({});
  BOOST_REQUIRE(list.has_value());
  BOOST_REQUIRE(list->items.size() == 2U);
  BOOST_TEST(list->items[1].type == "Kusto");
  BOOST_TEST(list->told.complete);
}

}  // namespace
}  // namespace trainyard::azure
