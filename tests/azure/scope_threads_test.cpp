// The cache under many threads at once; the sanitizer presets give this case its teeth.
#include <thread>

#include "reconcilers/azure/scope.hpp"
#include "tests/azsim/sim_transport.hpp"
#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

HttpResponse answer(HttpRequest const& request) {
  auto const asks = [&](std::string_view part) { return request.url.find(part) != std::string::npos; };
  if (asks("/oauth2/")) return {.status = 200, .body = R"({"expires_in":3600,"access_token":"token"})"};
  if (asks("/computes?")) return {.status = 200, .body = page_of({compute_body("a"), compute_body("b")})};
  if (asks("/jobs?")) return {.status = 200, .body = page_of({job_body("j", "Running")})};
  if (asks("/computes/gone")) return {.status = 404};
  if (asks("/computes/")) return {.status = 200, .body = compute_body("a", "Failed").dump()};
  return {.status = 200, .body = job_body("j", "Completed").dump()};
}

BOOST_AUTO_TEST_CASE(a_scope_may_be_used_from_any_thread) {
  FakeClock clock{WallTime{}};
  azsim::SimTransport transport(
      [](HttpRequest const& request) { return ServerReply{.response = answer(request)}; }, clock,
      [](Duration) {});
  SystemRandom random;
  Scrubber scrubber;
  Logger log(clock, scrubber, LogFormat::Json, LogLevel::Debug, [](std::string_view) {});
  Metrics metrics;
  RateLimits limits(clock);
  AzureParts const parts{transport, clock, random, log, scrubber, metrics, limits};
  Cloud const cloud = *Clouds().find("public");
  AzureScope scope(parts, cloud,
                   client_secret_tokens(transport, clock, scrubber, cloud, {"t", "c", "secret"}),
                   {"S", "G", "W"}, {.job_tag = "ty-mark"});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&scope, t] {
        for (int i = 0; i < 20; ++i) {
          std::string const who = std::to_string(t);
          scope.set_busy(who, i % 2 == 0);
          if (t == 0) scope.list_now(true, {});
          if (t == 1) (void)scope.get_compute(i % 2 == 0 ? "a" : "gone", {});
          if (t == 2) (void)scope.put_job("j", Json::object(), {});
          if (t == 3) (void)scope.view()->compute("a");
          (void)scope.next_list();
        }
      });
  }
  BOOST_TEST(scope.view()->missed_lists == 0);
  BOOST_TEST(scope.view()->compute("b") != nullptr);
  BOOST_TEST(scope.view()->compute("gone") == nullptr);
}

}  // namespace
}  // namespace trainyard::azure
