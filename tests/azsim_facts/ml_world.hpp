// One simulated workspace on a fake clock, asked as over the wire.
#pragma once

#include <string>

#include "controller/base/encoding.hpp"
#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct MlWorld {
  explicit MlWorld(JobExecutor* executor = nullptr) : sim(clock, random, default_options(), executor) {
    sim.add_workspace("group", "ws");
    sign_in();
  }

  HttpResponse send(HttpRequest request) { return sim.handle(request).response; }

  /// With the token. `path` begins with '/'.
  HttpResponse ask(std::string const& method, std::string const& path, Json const& body = {}) {
    return send({.method = method,
                 .url = options.base_url + path,
                 .headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
                 .body = body.is_null() ? "" : body.dump()});
  }
  /// Below the workspace, by Resource Manager.
  HttpResponse arm(std::string const& method, std::string const& path, Json const& body = {}) {
    std::string const mark = path.find('?') == std::string::npos ? "?" : "&";
    return ask(method, workspace + path + mark + "api-version=" + api_version, body);
  }
  HttpResponse mlflow(std::string const& method, std::string const& call, Json const& body = {}) {
    return ask(method, "/mlflow/v2.0" + workspace + "/api/2.0/mlflow/" + call, body);
  }
  static Json json(HttpResponse const& reply) {
    Result<Json> parsed = Json::parse(reply.body);
    return parsed ? *parsed : Json();
  }

  /// Time passes in steps, as a world that is asked now and then sees it.
  void pass(Duration time) {
    for (Duration const step{500}; time > Duration{0}; time -= step) {
      clock.advance(step);
      sim.tick();
    }
  }
  void sign_in() {
    std::string const form = "grant_type=client_credentials&client_id=" + options.client +
                             "&client_secret=" + options.secret +
                             "&scope=" + percent_encode(options.base_url + "/.default");
    HttpResponse const reply = send({.method = "POST",
                                     .url = options.base_url + "/" + options.tenant + "/oauth2/v2.0/token",
                                     .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                     .body = form});
    token = json(reply).text("access_token");
  }
  /// A command job that needs no cluster.
  static Json command_job(std::string const& command = "true") {
    return Json::object({{"properties", Json::object({{"jobType", "Command"},
                                                      {"command", command},
                                                      {"environmentId", "azureml:env:1"},
                                                      {"experimentName", "exp"}})}});
  }
  std::string status_of(std::string const& job) {
    return json(arm("GET", "/jobs/" + job)).text({"properties", "status"});
  }

  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 56))};
  SeededRandom random{7};
  Options options = default_options();
  AzureSim sim;
  std::string token, api_version = "2023-10-01";
  std::string workspace = "/subscriptions/" + options.subscription +
                          "/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/ws";
};

}  // namespace trainyard::azsim
