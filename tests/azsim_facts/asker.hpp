// One simulator on a fake clock, and who asks it: signed in, with an api-version, at the workspace g/ws.
#pragma once

#include <string>

#include "controller/base/time_text.hpp"
#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct Asker {
  explicit Asker(Options given = default_options(), std::uint64_t seed = 1)
      : options(std::move(given)), random(seed), sim(clock, random, options) {
    sim.add_workspace("g", "ws");
    token = body(post_form("/" + options.tenant + "/oauth2/v2.0/token", credentials(options.secret)))
                .text("access_token");
  }

  [[nodiscard]] std::string credentials(std::string const& secret) const {
    return "grant_type=client_credentials&client_id=" + options.client + "&client_secret=" + secret +
           "&scope=https%3A%2F%2Flocalhost%2F.default";
  }
  [[nodiscard]] std::string subscription() const { return "/subscriptions/" + options.subscription; }
  [[nodiscard]] std::string workspace() const {
    return subscription() + "/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/ws";
  }

  HttpResponse post_form(std::string const& path, std::string const& form) {
    return sim.handle({.method = "POST", .url = options.base_url + path, .body = form}).response;
  }
  /// `path` is a path, or the whole address that an answer gave.
  ServerReply send(std::string const& method, std::string const& path, Json const& body = {}) {
    std::string url = path.starts_with("/") ? options.base_url + path : path;
    if (url.find("api-version=") == std::string::npos)
      url += std::string(url.find('?') == std::string::npos ? "?" : "&") + "api-version=2023-10-01";
    return sim.handle({.method = method,
                       .url = url,
                       .headers = {{"Authorization", "Bearer " + token}},
                       .body = body.is_null() ? "" : body.dump()});
  }
  HttpResponse ask(std::string const& method, std::string const& path, Json const& body = {}) {
    return send(method, path, body).response;
  }
  static Json body(HttpResponse const& response) {
    Result<Json> json = Json::parse(response.body);
    return json ? *json : Json();
  }
  Json get(std::string const& path) { return body(ask("GET", path)); }
  static std::string code(HttpResponse const& response) { return body(response).text({"error", "code"}); }

  FakeClock clock{*parse_rfc3339("2026-01-05T08:00:00Z")};
  Options options;
  SeededRandom random;
  AzureSim sim;
  std::string token;
};

inline Json cluster_body(int max, std::string const& size = "Standard_DS3_v2") {
  return Json::object(
      {{"location", "eastus"},
       {"properties",
        Json::object(
            {{"computeType", "AmlCompute"},
             {"properties", Json::object({{"vmSize", size},
                                          {"scaleSettings",
                                           Json::object({{"minNodeCount", 0},
                                                         {"maxNodeCount", max},
                                                         {"nodeIdleTimeBeforeScaleDown", "PT2M"}})}})}})}});
}

}  // namespace trainyard::azsim
