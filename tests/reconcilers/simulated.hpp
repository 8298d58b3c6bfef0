// Passes over a workspace, a cluster and runs, against the Azure simulator in the same process.
#pragma once

#include <set>

#include "tests/azsim/azsim.hpp"
#include "tests/azsim/sim_transport.hpp"
#include "tests/azsim_facts/scripted_executor.hpp"
#include "tests/reconcilers/fakes.hpp"

namespace trainyard::reconcilers {

struct SimulatedAzure {
  static constexpr char const* kWorkspace = "demo";
  FakeClock azure_clock{azure::at("2026-03-01T00:00:00Z")};
  SeededRandom azure_random{3};
  azsim::Options options = azsim::default_options();
  azsim::ScriptedExecutor executor;  // a job runs until the test ends it
  azsim::AzureSim sim{azure_clock, azure_random, options, &executor};
  azsim::SimTransport wire{[this](HttpRequest const& request) { return sim.handle(request); }, azure_clock,
                           [this](Duration by) { azure_clock.advance(by); }};
  std::vector<azsim::Logged> requests;
  SimulatedAzure() {
    sim.add_workspace("group", kWorkspace);
    sim.on_request([this](azsim::Logged const& one) { requests.push_back(one); });
  }
};

/// Every object is visited every five seconds, and each open workspace listed before.
struct Simulated : SimulatedAzure, Passes {
  Simulated() : Passes(wire) {
    check(clouds
              .add_yaml("clouds.yaml",
                        "clouds:\n- name: azsim\n  resourceManager: https://localhost:8443\n"
                        "  authority: https://localhost:8443\n  audience: https://localhost:8443\n"
                        "  hostSuffixes: [localhost]\n  storageSuffixes: [localhost]\n")
              .has_value(),
          "the simulator's cloud was refused");
    store.secrets["azure/secret"] = options.secret;
  }

  ObjectKey workspace() {
    Json const secret = Json::object({{"tenantId", options.tenant},
                                      {"clientId", options.client},
                                      {"secretRef", Json::object({{"name", "azure"}, {"key", "secret"}})}});
    return store.apply("Workspace", "ml",
                       Json::object({{"cloud", "azsim"},
                                     {"subscriptionId", options.subscription},
                                     {"resourceGroup", "group"},
                                     {"name", kWorkspace},
                                     {"credential", Json::object({{"clientSecret", secret}})}}));
  }
  ObjectKey cluster(int most_nodes = 2, char const* more = "{}") {
    Json spec = *Json::parse(more);
    spec["workspace"] = "ml";
    spec["amlCompute"] = Json::object(
        {{"create",
          Json::object({{"vmSize", "Standard_DS3_v2"}, {"minNodes", 0}, {"maxNodes", most_nodes}})}});
    return store.apply("ComputeTarget", "cpu", spec);
  }
  ObjectKey run(std::string const& name = "fit", char const* more = "{}") {
    Json spec = *Json::parse(more);
    spec["computeTarget"] = "cpu";
    spec["source"] = Json::object({{"directory", "src"}});
    if (spec.at("script").is_null()) spec["script"] = Json::object({{"file", "train.py"}});
    return store.apply("TrainingRun", name, spec);
  }

  void visit_all() {
    for (auto const& [key, scope] : scopes.all())
      if (scope->next_list() <= clock.steady())
        (void)scope->list_now(true, {.stop = {}, .deadline = clock.steady() + std::chrono::minutes(2)});
    for (char const* kind : {"Workspace", "ComputeTarget", "TrainingRun"})
      for (ObjectPtr const& object : store.list(kind)) settle(object->key);
  }
  void go_on(Duration span) {
    for (Duration past{0}; past < span; past += std::chrono::seconds(5)) {
      azure_clock.advance(std::chrono::seconds(5));
      clock.advance(std::chrono::seconds(5));
      sim.tick();
      visit_all();
    }
  }
  void end_job(std::string const& name, int code) { executor.running.at(name).exit_code = code; }

  [[nodiscard]] std::string status(ObjectKey const& key, char const* field) const {
    return store.get(key)->status.text(field);
  }
  [[nodiscard]] std::vector<std::string> jobs() const { return sim.job_names(kWorkspace); }
  [[nodiscard]] std::string job_status(std::string const& name) const {
    return sim.job(kWorkspace, name).text({"properties", "status"});
  }
  [[nodiscard]] int asked(std::string_view method, std::string_view part) const {
    return static_cast<int>(std::count_if(requests.begin(), requests.end(), [&](azsim::Logged const& one) {
      return one.method == method && one.path.find(part) != std::string::npos;
    }));
  }
};

}  // namespace trainyard::reconcilers
