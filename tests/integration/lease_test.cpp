// Leader election on a real API server. Time is moved by hand.
#include "controller/kube/lease.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/kube/fenced_transport.hpp"
#include "controller/kube/resource.hpp"
#include "tests/integration/api_server.hpp"

namespace trainyard::tests {
namespace {

using std::chrono::seconds;

/// The real one, later by what has been added.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override { return real_.steady() + shift_; }
  [[nodiscard]] WallTime wall() const override { return real_.wall() + shift_; }
  void advance(Duration by) { shift_ += by; }

 private:
  SystemClock real_;
  Duration shift_{0};
};

constexpr char const* kNamespace = "default";

/// A process that wants to be the leader.
struct Candidate {
  Candidate(std::string identity, ShiftedClock& clock,
            std::string const& server = ApiServer::get().access().server)
      : api(access_to(server), ApiServer::get().transport(), ApiServer::get().clock,
            ApiServer::get().scrubber, metrics),
        log(ApiServer::get().clock, ApiServer::get().scrubber, LogFormat::Text, LogLevel::Debug,
            [](std::string_view line) { BOOST_TEST_MESSAGE(line); }),
        election({.ns = kNamespace, .name = "trainyard", .identity = std::move(identity)},
                 {api, clock, ApiServer::get().random, log, metrics},
                 {.elected = [this] { ++elected; }, .lost = [this] { ++lost; }}) {}

  static kube::ClusterAccess access_to(std::string const& server) {
    kube::ClusterAccess access = ApiServer::get().access();
    access.server = server;
    return access;
  }
  Duration step() { return election.step({}); }
  [[nodiscard]] bool metric_says_leader() const {
    return metrics.text().find("leader_election_master_status{name=\"trainyard\"} 1") != std::string::npos;
  }

  Metrics metrics;
  kube::ApiClient api;
  Logger log;
  int elected = 0, lost = 0;
  kube::LeaderElection election;
};

struct Fixture {
  Fixture() { (void)ApiServer::get().call("DELETE", path); }
  std::string holder() { return ApiServer::get().must("GET", path).text({"spec", "holderIdentity"}); }
  std::string const path = kube::object_path(kube::kLeases, kNamespace, "trainyard");
  ShiftedClock clock;
};

BOOST_FIXTURE_TEST_SUITE(lease, Fixture)

BOOST_AUTO_TEST_CASE(one_leads_and_the_other_waits) {
  Candidate a("a", clock), b("b", clock);
  a.step();
  b.step();
  BOOST_TEST(a.election.leading());
  BOOST_TEST(a.elected == 1);
  BOOST_TEST(a.metric_says_leader());
  BOOST_TEST(!b.election.leading());
  BOOST_TEST(!b.metric_says_leader());
  for (int i = 0; i < 10; ++i) {  // 20 s: longer than the lease
    clock.advance(seconds(2));
    BOOST_TEST((a.step() == seconds(2)));
    BOOST_TEST((b.step() >= seconds(2)));
    BOOST_TEST(a.election.leading());
    BOOST_TEST(!b.election.leading());
  }
  BOOST_TEST(a.elected == 1);
  BOOST_TEST(holder() == "a");
}

BOOST_AUTO_TEST_CASE(a_leader_that_stands_still_stops_writing_before_another_begins) {
  Candidate a("a", clock), b("b", clock);
  a.step();
  b.step();
  kube::FencedTransport fence(ApiServer::get().transport(), [&] { return a.election.leading(); });
  HttpRequest const write{.method = "POST", .url = ApiServer::get().access().server + "/nowhere"};
  BOOST_TEST(fence.send(write, {}).has_value());
  clock.advance(seconds(11));
  BOOST_TEST(!a.election.leading());
  Result<HttpResponse> const refused = fence.send(write, {});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().reason == "NotLeader");
  BOOST_TEST(!refused.error().maybe_applied);
  BOOST_TEST(fence.send({.url = write.url}, {}).has_value());
  b.step();
  BOOST_TEST(!b.election.leading());  // 15 s have not passed yet
  clock.advance(seconds(5));
  b.step();
  BOOST_TEST(b.election.leading());
  BOOST_TEST(holder() == "b");
  a.step();
  BOOST_TEST(a.lost == 1);
  BOOST_TEST(!a.metric_says_leader());
  a.step();
  BOOST_TEST(a.lost == 1);
  BOOST_TEST(holder() == "b");
}

BOOST_AUTO_TEST_CASE(a_stolen_lease_is_noticed) {
  Candidate a("a", clock), thief("thief", clock);
  a.step();
  Json stolen = ApiServer::get().must("GET", path);
  stolen["spec"]["holderIdentity"] = "thief";
  ApiServer::get().must("PUT", path, stolen);
  clock.advance(seconds(2));
  a.step();
  BOOST_TEST(a.lost == 1);
  BOOST_TEST(!a.election.leading());
  BOOST_TEST(holder() == "thief");
}

BOOST_AUTO_TEST_CASE(a_lease_given_back_is_taken_at_once) {
  Candidate a("a", clock), b("b", clock);
  a.step();
  b.step();
  a.election.release({.stop = {}, .deadline = ApiServer::get().clock.steady() + seconds(10)});
  BOOST_TEST(!a.election.leading());
  clock.advance(seconds(2));
  b.step();
  BOOST_TEST(b.election.leading());
}

BOOST_AUTO_TEST_CASE(who_cannot_renew_gives_up_after_ten_seconds) {
  Candidate a("a", clock);
  a.step();
  // The server is gone for it: every change since is refused.
  Candidate cut("a", clock, "https://127.0.0.1:1");
  BOOST_TEST((cut.step() >= seconds(2)));
  BOOST_TEST(!cut.election.leading());
  for (int i = 0; i < 4; ++i) {
    clock.advance(seconds(2));
    BOOST_TEST(a.election.leading());
  }
  clock.advance(seconds(2));
  BOOST_TEST(!a.election.leading());
  a.step();
  BOOST_TEST(a.lost == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::tests
