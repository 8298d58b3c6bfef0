// Computes over time. Source: recordings of an AmlCompute that was created, changed and deleted.
#include <boost/test/unit_test.hpp>

#include "tests/azsim/cluster.hpp"
#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

using std::chrono::seconds;

struct Computes : Asker {
  std::string const path = workspace() + "/computes/c1";
  Json inner() { return get(path).at({"properties", "properties"}); }
  std::string state() { return get(path).text({"properties", "provisioningState"}); }
  void ready() {
    ask("PUT", path, cluster_body(2));
    clock.advance(options.provision);
  }
};

BOOST_FIXTURE_TEST_CASE(a_cluster_is_made, Computes) {
  HttpResponse const put = ask("PUT", path, cluster_body(2));
  BOOST_TEST(put.status == 201);
  BOOST_TEST(put.header("Azure-AsyncOperation").has_value());
  BOOST_TEST(!put.header("Location"));
  BOOST_TEST(!put.header("Retry-After"));
  Json const first = body(put);
  BOOST_TEST(first.at("tags").is_null());
  BOOST_TEST(first.at("properties").find("computeLocation") == nullptr);
  BOOST_TEST(first.text({"properties", "provisioningState"}) == "Creating");
  BOOST_TEST(first.text({"properties", "properties", "vmSize"}) == "STANDARD_DS3_V2");
  BOOST_TEST(first.at({"properties", "properties", "nodeStateCounts"}).is_null());
  std::string const poll = put.header("Azure-AsyncOperation").value_or("");
  BOOST_TEST(get(poll).dump() == R"({"status":"InProgress"})");
  clock.advance(options.provision);
  BOOST_TEST(get(poll).dump() == R"({"status":"Succeeded","percentComplete":100.0})");
  Json const made = get(path);
  BOOST_TEST(made.at("tags").is_object());
  BOOST_TEST(made.text({"properties", "computeLocation"}) == "eastus");
  BOOST_TEST(made.text({"properties", "createdOn"}) == "2026-01-05T08:00:00.0000000+00:00");
  BOOST_TEST(made.text({"properties", "modifiedOn"}) == "2026-01-05T08:00:22.0000000+00:00");
  BOOST_TEST(inner().at("currentNodeCount").integer_or(-1) == 0);
  BOOST_TEST(inner().text("allocationState") == "Steady");
}

BOOST_FIXTURE_TEST_CASE(an_update_answers_as_a_creation_does, Computes) {
  ready();
  Json other = cluster_body(5, "Standard_D2_v2");
  HttpResponse const put = ask("PUT", path, other);
  BOOST_TEST(put.status == 201);
  Json const answer = body(put);
  BOOST_TEST(answer.at("tags").is_object());
  BOOST_TEST(answer.text({"properties", "provisioningState"}) == "Creating");
  BOOST_TEST(answer.text({"properties", "resourceId"}).find("/Microsoft.BatchAI/") != std::string::npos);
  clock.advance(options.del);
  BOOST_TEST(state() == "Succeeded");
  BOOST_TEST(get(path).at({"properties", "resourceId"}).is_null());
  BOOST_TEST(inner().at({"scaleSettings", "maxNodeCount"}).integer_or(0) == 5);
  BOOST_TEST(inner().text("vmSize") == "STANDARD_DS3_V2");  // does not change in place
}

BOOST_FIXTURE_TEST_CASE(a_refused_quota_shows_at_the_end_and_keeps_the_name, Computes) {
  sim.fail_next_compute("ClusterMinNodesExceedCoreQuota", "No quota.");
  HttpResponse const put = ask("PUT", path, cluster_body(2));
  BOOST_TEST(put.status == 201);
  clock.advance(options.provision);
  BOOST_TEST(state() == "Failed");
  Json const error = get(path).at({"properties", "provisioningErrors"}).items().at(0).at("error");
  BOOST_TEST(error.text("code") == "ClusterMinNodesExceedCoreQuota");
  Json const operation = get(put.header("Azure-AsyncOperation").value_or(""));
  BOOST_TEST(operation.text("status") == "Failed");
  BOOST_TEST(operation.text({"error", "message"}) == "No quota.");
  BOOST_TEST(ask("PUT", path, cluster_body(2)).status == 400);
  ask("DELETE", path);
  clock.advance(options.del);
  BOOST_TEST(ask("PUT", path, cluster_body(2)).status == 201);
  clock.advance(options.provision);
  BOOST_TEST(state() == "Succeeded");
}

BOOST_FIXTURE_TEST_CASE(a_size_that_does_not_exist_fails_late, Computes) {
  for (std::string const size : {"Standard_B2s", "Standard_Nothing"}) {
    BOOST_TEST(ask("PUT", path, cluster_body(2, size)).status == 201);
    clock.advance(options.provision);
    BOOST_TEST(get(path).at({"properties", "provisioningErrors"}).items().at(0).text({"error", "code"}) ==
               "InvalidPropertyValue");
    ask("DELETE", path);
    clock.advance(options.del);
  }
}

BOOST_FIXTURE_TEST_CASE(a_deleted_cluster_is_there_until_it_is_gone, Computes) {
  ready();
  HttpResponse const gone = ask("DELETE", path + "?underlyingResourceAction=Delete");
  BOOST_TEST(gone.status == 202);
  BOOST_TEST(gone.body.empty());
  BOOST_TEST(state() == "Deleting");
  BOOST_TEST(ask("PUT", path, cluster_body(2)).status == 409);
  clock.advance(options.del);
  HttpResponse const absent = ask("GET", path);
  BOOST_TEST(absent.status == 404);
  BOOST_TEST(absent.body.empty());
  BOOST_TEST(get(gone.header("Azure-AsyncOperation").value_or("")).text("status") == "Succeeded");
}

BOOST_FIXTURE_TEST_CASE(no_secret_of_a_compute_is_shown, Computes) {
  Json sent = cluster_body(2);
  sent["properties"]["properties"]["userAccountCredentials"] =
      Json::object({{"adminUserName", "me"}, {"adminUserPassword", "hidden"}});
  BOOST_TEST(ask("PUT", path, sent).body.find("hidden") == std::string::npos);
  clock.advance(options.provision);
  BOOST_TEST(ask("GET", path).body.find("hidden") == std::string::npos);
  BOOST_TEST(inner().text({"userAccountCredentials", "adminUserName"}) == "me");
}

BOOST_FIXTURE_TEST_CASE(an_instance_stops_and_starts, Computes) {
  Json const instance = Json::object(
      {{"properties", Json::object({{"computeType", "ComputeInstance"},
                                    {"properties", Json::object({{"vmSize", "STANDARD_DS3_V2"}})}})}});
  BOOST_TEST(ask("PUT", path, instance).status == 201);
  clock.advance(options.provision);
  BOOST_TEST(inner().text("state") == "Running");
  BOOST_TEST(code(ask("POST", path + "/start")) == "StartComputeInstanceOnlyAllowedInStoppedState");
  BOOST_TEST(ask("POST", path + "/stop").status == 202);
  BOOST_TEST(inner().text("state") == "Stopping");
  clock.advance(options.resize);
  BOOST_TEST(inner().text("state") == "Stopped");
  BOOST_TEST(state() == "Succeeded");
}

// The nodes of a cluster, without the wire.

struct Nodes {
  WallTime now{};
  Cluster cluster{{.min = 0, .max = 3, .idle = seconds{60}}, seconds{30}, now};
  NodeCounts after(Duration passed) {
    now += passed;
    cluster.advance(now);
    NodeCounts const counts = cluster.counts(now);
    BOOST_TEST(counts.preparing + counts.running + counts.idle + counts.leaving == counts.current);
    return counts;
  }
};

BOOST_FIXTURE_TEST_CASE(nodes_come_for_jobs_and_go_when_idle, Nodes) {
  cluster.request("a", 2);
  BOOST_TEST(after(seconds{0}).target == 2);
  BOOST_TEST(cluster.resizing());
  BOOST_TEST(after(seconds{25}).preparing == 2);
  BOOST_TEST(!cluster.granted("a"));
  BOOST_TEST(after(seconds{5}).running == 2);
  BOOST_TEST(cluster.granted("a"));
  cluster.release("a", now);
  BOOST_TEST(after(seconds{59}).idle == 2);
  BOOST_TEST(after(seconds{1}).leaving == 2);
  BOOST_TEST(after(seconds{30}).current == 0);
  BOOST_TEST(!cluster.resizing());
}

BOOST_FIXTURE_TEST_CASE(jobs_wait_for_room_in_their_order, Nodes) {
  cluster.request("a", 2);
  cluster.request("b", 2);
  cluster.request("c", 1);
  cluster.request("too large", 4);
  after(seconds{0});
  BOOST_TEST(after(seconds{30}).current == 3);
  BOOST_TEST(cluster.granted("a"));
  BOOST_TEST(!cluster.granted("b"));
  BOOST_TEST(!cluster.granted("c"));  // came after b
  cluster.release("a", now);
  after(seconds{0});
  BOOST_TEST(cluster.granted("b"));
  BOOST_TEST(cluster.granted("c"));
  BOOST_TEST(!cluster.granted("too large"));
}

BOOST_FIXTURE_TEST_CASE(what_is_due_happens_at_its_own_time, Nodes) {
  cluster.request("a", 1);
  after(seconds{30});
  cluster.release("a", now);
  BOOST_TEST(after(std::chrono::hours{1}).current == 0);
  BOOST_TEST((cluster.changed_at() == WallTime(seconds{30 + 60 + 30})));
}

}  // namespace
}  // namespace trainyard::azsim
