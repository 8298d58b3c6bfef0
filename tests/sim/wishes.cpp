#include "tests/sim/wishes.hpp"

namespace trainyard::sim {

namespace {

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

}  // namespace trainyard::sim
