// Throttling, snapshots, the log: what is no service's own.
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

using std::chrono::seconds;
using Kind = FaultRule::Kind;

BOOST_AUTO_TEST_CASE(buckets_empty_and_fill) {
  Options options = default_options();
  options.buckets = true;
  Asker asker(options);
  for (int i = 0; i < 250; ++i) BOOST_REQUIRE(asker.ask("GET", asker.workspace()).status == 200);
  HttpResponse const refused = asker.ask("GET", asker.workspace());
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.header("Retry-After").value_or("") == "1");
  BOOST_TEST(refused.header("x-ms-ratelimit-remaining-subscription-reads").value_or("") == "0");
  BOOST_TEST(asker.ask("DELETE", asker.workspace() + "/computes/none").status == 204);  // another bucket
  asker.clock.advance(seconds{1});
  for (int i = 0; i < 25; ++i) BOOST_REQUIRE(asker.ask("GET", asker.workspace()).status == 200);
  BOOST_TEST(asker.ask("GET", asker.workspace()).status == 429);
}

BOOST_AUTO_TEST_CASE(buckets_without_limit_stay_full) {
  Asker asker;
  for (int i = 0; i < 300; ++i) BOOST_REQUIRE(asker.ask("GET", asker.workspace()).status == 200);
  HttpResponse const last = asker.ask("GET", asker.workspace());
  BOOST_TEST(last.header("x-ms-ratelimit-remaining-subscription-reads").value_or("") == "250");
}

BOOST_AUTO_TEST_CASE(a_world_goes_on_from_its_snapshot) {
  Asker before;
  std::string const path = before.workspace() + "/computes/c1";
  std::string const poll =
      before.ask("PUT", path, cluster_body(2)).header("Azure-AsyncOperation").value_or("");
  Json const kept = before.sim.snapshot();
  Asker after;
  BOOST_REQUIRE(after.sim.restore(kept).has_value());
  BOOST_TEST(after.sim.snapshot().dump() == kept.dump());
  BOOST_TEST(after.get(path).text({"properties", "provisioningState"}) == "Creating");
  after.clock.advance(after.options.provision);
  BOOST_TEST(after.get(path).text({"properties", "provisioningState"}) == "Succeeded");
  BOOST_TEST(after.get(poll).text("status") == "Succeeded");
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_another_version_is_refused) {
  Asker asker;
  Json state = asker.sim.snapshot();
  state["version"] = 99;
  Result<Done> const done = asker.sim.restore(state);
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().message.find("version must be") == 0U);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_answers) {
  auto const story = [](std::uint64_t seed) {
    Asker asker(default_options(), seed);
    std::string told = asker.ask("PUT", asker.workspace() + "/computes/c1", cluster_body(2)).body;
    for (int i = 0; i < 30; ++i) {
      asker.clock.advance(seconds{1});
      HttpResponse const reply = asker.ask("GET", asker.workspace() + "/computes");
      told += reply.body + reply.header("x-ms-request-id").value_or("");
    }
    return told + asker.sim.snapshot().dump();
  };
  BOOST_TEST(story(7) == story(7));
  BOOST_TEST(story(7) != story(8));
}

BOOST_AUTO_TEST_CASE(requests_are_observed_without_their_query) {
  Asker asker;
  std::vector<Logged> seen;
  asker.sim.on_request([&](Logged const& request) { seen.push_back(request); });
  asker.ask("GET", asker.workspace() + "?sig=hidden");
  asker.sim.add_fault({.operation = "workspaces.get", .path_part = "", .kind = Kind::LostBefore});
  asker.ask("GET", asker.workspace());
  BOOST_REQUIRE(seen.size() == 2U);
  BOOST_TEST(seen[0].operation == "workspaces.get");
  BOOST_TEST(seen[0].path == asker.workspace());
  BOOST_TEST(seen[0].status == 200);
  BOOST_TEST(seen[1].status == 0);
}

}  // namespace
}  // namespace trainyard::azsim
