#include "tests/sim/scenario.hpp"

#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string const kHead = "apiVersion: trainyard.dev/v1alpha1\nkind: ";

std::string workspace_manifest() {
  return kHead +
         "Workspace\nmetadata:\n  name: demo\nspec:\n  cloud: azsim\n"
         "  subscriptionId: 00000000-0000-0000-0000-000000000001\n  resourceGroup: trainyard-demo\n"
         "  name: demo\n  credential:\n    clientSecret:\n"
         "      tenantId: 11111111-1111-1111-1111-111111111111\n"
         "      clientId: 22222222-2222-2222-2222-222222222222\n"
         "      secretRef:\n        name: azsim-client\n        key: clientSecret\n";
}

std::string run_manifest(Wishes::Run const& run) {
  std::string text = "---\n" + kHead + "TrainingRun\nmetadata:\n  name: " + run.name +
                     "\nspec:\n  computeTarget: " + run.target +
                     "\n  suspend: " + (run.suspended ? "true" : "false") +
                     "\n  source:\n    directory: src\n  script:\n    file: train.py\n";
  if (!run.arguments.empty()) text += "    arguments: [" + run.arguments + "]\n";
  if (!run.image.empty()) text += "  environment:\n    docker:\n      image: " + run.image + "\n";
  if (run.retries > 0)
    text += "  retry:\n    limit: " + std::to_string(run.retries) + "\n    onFailure: [UserCode]\n";
  return text;
}

}  // namespace

void Wishes::write_to(World& world, std::size_t site) const {
  std::string targets = kHead + "ComputeTarget\nmetadata:\n  name: this-machine\nspec:\n  local: {}\n";
  if (cluster)
    targets += "---\n" + kHead + "ComputeTarget\nmetadata:\n  name: cpu-cluster\nspec:\n  workspace: demo\n" +
               (drift_policy.empty() ? "" : "  driftPolicy: " + drift_policy + "\n") +
               "  amlCompute:\n    create:\n      vmSize: Standard_DS3_v2\n      maxNodes: " +
               std::to_string(nodes) + "\n";
  std::string runs = "# runs\n";
  for (Run const& run : {local, remote})
    if (run.declared) runs += run_manifest(run);
  world.write("src/train.py", "print(" + std::to_string(script) + ")\n", site);
  world.write("workspace.yaml", workspace_manifest(), site);
  world.write("compute.yaml", targets, site);
  world.write("runs.yaml", runs, site);
}

Json cluster_body(int nodes) {
  Json const scale = Json::object({{"minNodeCount", 0}, {"maxNodeCount", nodes}});
  Json const cluster = Json::object({{"vmSize", "Standard_DS3_v2"}, {"scaleSettings", scale}});
  return Json::object(
      {{"location", "eastus"},
       {"properties", Json::object({{"computeType", "AmlCompute"}, {"properties", cluster}})}});
}

bool all_ready(World const& world, std::size_t site) {
  for (ObjectKey const& key : {kDemo, kThisMachine, kCpuCluster, kFitLocal, kFitCluster})
    if (!world.ready(key, site)) return false;
  return true;
}

void delete_all(World& world) {
  for (char const* file : {"runs.yaml", "compute.yaml", "workspace.yaml"}) world.remove(file);
  for (ObjectKey const& key : {kFitLocal, kFitCluster, kCpuCluster, kThisMachine, kDemo})
    if (world.object(key)) world.ask_to_delete(key);
}

void let_settle(World& world) { world.run_for(minutes(15)); }

std::string at_rest(World& world, std::size_t runs) {
  world.heal();
  let_settle(world);
  if (!world.is_quiet_for(hours(1))) return "something was written though nothing was to do";
  if (!world.judge.verdicts().empty()) return "a promise was broken";
  std::size_t const made = world.judge.created().size();
  return made == runs ? "" : "not " + std::to_string(runs) + " runs were made, but " + std::to_string(made);
}

std::vector<Scenario> const& scenarios() {
  static std::vector<Scenario> const all = [] {
    std::vector<Scenario> scenarios;
    for (auto const& deeds :
         {deeds_of_users(), deeds_of_others(), deeds_with_stores(), deeds_in_bad_moments()})
      scenarios.insert(scenarios.end(), deeds.begin(), deeds.end());
    return scenarios;
  }();
  return all;
}

std::string play(Scenario const& scenario, WorldOptions const& options,
                 std::function<void(World const&)> const& world_seen) {
  World world(options);
  std::string said = scenario.play(world);
  if (said.empty() && !world.judge.verdicts().empty()) said = "a promise was broken";
  if (world_seen) world_seen(world);
  return said.empty() ? "" : std::string(scenario.name) + ": " + said + "\n" + world.story();
}

std::uint64_t number(char const* variable, std::uint64_t other) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? other : std::strtoull(text, nullptr, 10);
}

void for_seeds(std::uint64_t count, std::function<std::string(std::uint64_t seed)> const& play) {
  std::uint64_t const one = number("TRAINYARD_SEED", 0);
  std::uint64_t const first = one != 0 ? one : 1, last = one != 0 ? one : number("TRAINYARD_SEEDS", count);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    std::string const said = play(seed);
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
  }
}

}  // namespace trainyard::sim
