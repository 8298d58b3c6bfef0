// A client of Azure whose every request gets the same answer.
#pragma once

#include <utility>
#include <vector>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::fuzz {

struct SameAnswer final : HttpTransport {
  explicit SameAnswer(HttpResponse same) : answer(std::move(same)) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const&) override {
    sent.push_back(request);
    return answer;
  }

  HttpResponse answer;
  std::vector<HttpRequest> sent;
};

struct OneToken final : azure::TokenSource {
  Result<std::string> token(Context const&) override { return std::string("token"); }
  void forget(std::string const&) override {}
  bool retire() override { return true; }
};

struct AzureClient {
  explicit AzureClient(HttpResponse answer) : wire(std::move(answer)) {}

  SameAnswer wire;
  FakeClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};
  SeededRandom random{1};
  Scrubber scrubber;
  Logger log{clock, scrubber, LogFormat::Json, LogLevel::Debug, [](std::string_view) {}};
  azure::RateLimits limits{clock};
  azure::Cloud cloud = *azure::Clouds().find("public");
  OneToken tokens;
  azure::WorkspaceId id{"00000000-0000-0000-0000-000000000001", "group", "workspace"};
  azure::AzureParts parts{wire, clock, random, log, scrubber, metrics(), limits};
  azure::ArmClient arm{parts, cloud, tokens, id.subscription};

 private:
  /// One for all: making its label sets takes longer than all else.
  static Metrics& metrics() {
    static Metrics all;
    return all;
  }
};

}  // namespace trainyard::fuzz
