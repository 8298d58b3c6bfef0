// Does with @azure/arm-machinelearning what the test wants to judge, and prints what the client returned as JSON.
"use strict";
const { AzureMachineLearningWorkspaces } = require("@azure/arm-machinelearning");
const { ClientSecretCredential } = require("@azure/identity");

const told = JSON.parse(process.argv[2]);
const here = [told.group, told.workspace];
const soon = { updateIntervalInMs: 200 };

async function all(pages, pick) {
  const found = [];
  for await (const item of pages) found.push(pick(item));
  return found;
}

// What a call is refused with.
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return { statusCode: error.statusCode, code: error.code };
  }
  throw new Error("the call was not refused");
}

async function main() {
  const credential = new ClientSecretCredential(told.tenant, told.client, told.secret, {
    authorityHost: told.url,
    disableInstanceDiscovery: true,
  });
  const client = new AzureMachineLearningWorkspaces(credential, told.subscription, {
    endpoint: told.url,
    credentialScopes: `${told.url}/.default`,
  });
  const computes = client.computeOperations;
  const name = (resource) => resource.name;
  const state = async () => (await computes.get(...here, "notebook")).properties.properties.state;
  const saw = {};

  saw.workspaces = await all(client.workspaces.listByResourceGroup(told.group), name);
  const scaleSettings = { minNodeCount: 0, maxNodeCount: 2, nodeIdleTimeBeforeScaleDown: "PT2M" };
  const cluster = {
    location: "eastus",
    properties: { computeType: "AmlCompute", properties: { vmSize: "Standard_DS3_v2", scaleSettings } },
  };
  saw.made = (await computes.beginCreateOrUpdateAndWait(...here, "gpu", cluster, soon)).properties;
  saw.listed = await all(computes.list(...here), name);
  const change = { properties: { scaleSettings: { minNodeCount: 1, maxNodeCount: 4 } } };
  await computes.beginUpdateAndWait(...here, "gpu", change, soon);
  saw.changed = (await computes.get(...here, "gpu")).properties.properties;
  saw.nodes = (await all(computes.listNodes(...here, "gpu"), (node) => node.nodeId)).length;
  saw.startOfCluster = await refusal(() => computes.beginStartAndWait(...here, "gpu", soon));

  const instance = {
    location: "eastus",
    properties: { computeType: "ComputeInstance", properties: { vmSize: "Standard_DS3_v2" } },
  };
  await computes.beginCreateOrUpdateAndWait(...here, "notebook", instance, soon);
  await computes.beginStopAndWait(...here, "notebook", soon);
  saw.stopped = await state();
  await computes.beginStartAndWait(...here, "notebook", soon);
  saw.started = await state();
  await computes.beginRestartAndWait(...here, "notebook", soon);
  saw.restarted = await state();

  saw.sizes = (await client.virtualMachineSizes.list("eastus")).value.map(name);
  const usages = await all(client.usages.list("eastus"), (usage) => [usage.name.value, usage.currentValue]);
  saw.clusters = new Map(usages).get("Clusters");

  await computes.beginDeleteAndWait(...here, "gpu", "Delete", soon);
  saw.left = await all(computes.list(...here), name);
  saw.gone = await refusal(() => computes.get(...here, "gpu"));
  console.log(JSON.stringify(saw));
}

main();
