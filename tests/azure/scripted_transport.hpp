// A transport that answers what a test has written down, in that order, and what every client of Azure needs
// beside it.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

class ScriptedTransport final : public HttpTransport {
 public:
  struct Step {
    std::string method, url_part;
    Result<HttpResponse> answer;
    std::function<void(HttpRequest const&)> look =
        {};  // runs before the answer: what another caller does meanwhile
  };

  ~ScriptedTransport() override {
    BOOST_CHECK_MESSAGE(steps_.empty(), "requests that were expected did not come: " << left());
  }

  ScriptedTransport& expect(std::string method, std::string url_part, Result<HttpResponse> answer,
                            std::function<void(HttpRequest const&)> look = {}) {
    steps_.push_back({std::move(method), std::move(url_part), std::move(answer), std::move(look)});
    return *this;
  }
  ScriptedTransport& expect(std::string method, std::string url_part, int status, std::string body = "",
                            HttpHeaders headers = {}) {
    return expect(std::move(method), std::move(url_part),
                  HttpResponse{.status = status, .headers = std::move(headers), .body = std::move(body)});
  }

  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    BOOST_CHECK_MESSAGE(context.deadline != SteadyTime::max(), "a call without a deadline: " << request.url);
    sent.push_back(request);
    if (steps_.empty()) {
      BOOST_ERROR("a request that was not expected: " << request.method << " " << request.url);
      return HttpResponse{.status = 599};
    }
    Step step = std::move(steps_.front());
    steps_.pop_front();
    BOOST_TEST(request.method == step.method);
    BOOST_CHECK_MESSAGE(request.url.find(step.url_part) != std::string::npos,
                        "asked " << request.method << " " << request.url << " instead of " << step.method
                                 << " " << step.url_part);
    if (step.look) step.look(request);
    return step.answer;
  }

  std::vector<HttpRequest> sent;

 private:
  [[nodiscard]] std::string left() const {
    std::string text;
    for (Step const& step : steps_) text += step.method + " " + step.url_part + "; ";
    return text;
  }
  std::deque<Step> steps_;
};

/// Tokens without Entra ID: t1, and after each forget() the next.
class FixedTokens final : public TokenSource {
 public:
  Result<std::string> token(Context const&) override { return "t" + std::to_string(number_); }
  void forget(std::string const& token) override {
    if (token == "t" + std::to_string(number_)) ++number_;
  }
  bool retire() override { return true; }

 private:
  int number_ = 1;
};

inline WallTime at(std::string_view rfc3339) { return *parse_rfc3339(rfc3339); }

/// The parts of a client around any transport; log lines are kept.
struct Surroundings {
  explicit Surroundings(HttpTransport& wire) : transport(wire) {}
  HttpTransport& transport;
  FakeClock clock{
      std::chrono::time_point_cast<Duration>(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1))};
  SeededRandom random{7};
  Scrubber scrubber;
  std::string lines;
  Logger log{clock, scrubber, LogFormat::Text, LogLevel::Debug,
             [this](std::string_view line) { (lines += line) += '\n'; }};
  Metrics metrics;
  RateLimits limits{clock};
  AzureParts parts{transport, clock, random, log, scrubber, metrics, limits};
  Cloud cloud = *Clouds().find("public");
  WorkspaceId id{"S", "G", "W"};
};

/// A client of the public cloud whose answers are scripted.
struct Wire {
  ScriptedTransport script;
};
struct Scripted : Wire, Surroundings {
  Scripted() : Surroundings(script) {}
  ScriptedTransport& wire() { return script; }
  FixedTokens tokens;
  ArmClient arm{parts, cloud, tokens, "S"};
};

}  // namespace trainyard::azure
