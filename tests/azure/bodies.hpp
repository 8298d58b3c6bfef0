// Answers of Azure ML in the forms the real service gives them (docs/azure-facts.md).
#pragma once

#include <string>

#include "controller/base/json.hpp"

namespace trainyard::azure {

inline constexpr char const* kWorkspaceMissing =
    R"({"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/W' under resource group 'G' was not found."}})";

inline constexpr char const* kJobMissing =
    R"({"error":{"code":"UserError","message":"Job j not found.","details":[],"additionalInfo":[{"type":"InnerError","info":{"value":{"code":"NotFound","innerError":{"code":"JobNotFound","innerError":null}}}}]}})";

inline Json compute_body(std::string const& name, std::string const& state = "Succeeded",
                         std::string const& modified = "2026-02-01T10:00:30.1323011+00:00") {
  Result<Json> body = Json::parse(
      R"({"id":"","name":"","type":"Microsoft.MachineLearningServices/workspaces/computes","location":"eastus",
    "tags":{"team":"a"},"properties":{"createdOn":"2026-02-01T10:00:00.2188524+00:00","modifiedOn":"","disableLocalAuth":false,
    "description":null,"resourceId":null,"computeType":"AmlCompute","computeLocation":"eastus","provisioningState":"","provisioningErrors":null,
    "isAttachedCompute":false,"properties":{"vmSize":"STANDARD_DS2_V2","vmPriority":"Dedicated","scaleSettings":{"maxNodeCount":2,
    "minNodeCount":0,"nodeIdleTimeBeforeScaleDown":"PT1M40S"},"subnet":null,"currentNodeCount":1,"targetNodeCount":1,
    "nodeStateCounts":{"preparingNodeCount":0,"runningNodeCount":0,"idleNodeCount":1,"unusableNodeCount":0,"leavingNodeCount":0,
    "preemptedNodeCount":0},"allocationState":"Steady","errors":null,"osType":"Linux"}}})");
  (*body)["name"] = name;
  (*body)["id"] =
      "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W/computes/" +
      name;
  (*body)["properties"]["provisioningState"] = state;
  (*body)["properties"]["modifiedOn"] = modified;
  return *body;
}

inline Json job_body(std::string const& name, std::string const& status,
                     std::string const& created = "2026-02-01T10:00:00.1Z") {
  Result<Json> body = Json::parse(
      R"({"id":"","name":"","type":"Microsoft.MachineLearningServices/workspaces/jobs","properties":{
    "description":null,"tags":{"ty-mark":"o"},"properties":{"trainyard-owner":"o","_azureml.ComputeTargetType":"amlctrain"},"displayName":"d",
    "status":"","experimentName":"e","services":{"Tracking":{"jobServiceType":"Tracking","endpoint":"azureml://eastus.api.azureml.ms/mlflow/v1.0/x?"},
    "Studio":{"jobServiceType":"Studio","endpoint":"https://ml.azure.com/runs/j"}},"computeId":"/c","isArchived":false,"identity":null,
    "jobType":"Command","codeId":"/code","command":"python a.py","environmentId":"/env","inputs":{},"limits":null,"parameters":{}},
    "systemData":{"createdAt":"","createdBy":"me","createdByType":"Application"}})");
  (*body)["name"] = name;
  (*body)["id"] =
      "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W/jobs/" +
      name;
  (*body)["properties"]["status"] = status;
  (*body)["systemData"]["createdAt"] = created;
  return *body;
}

inline Json workspace_body() {
  return *Json::parse(
      R"({"id":"/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W","name":"W",
    "location":"eastus","etag":null,"properties":{"provisioningState":"Succeeded","workspaceId":"guid-1",
    "discoveryUrl":"https://eastus.api.azureml.ms/discovery","mlFlowTrackingUri":"azureml://eastus.api.azureml.ms/mlflow/v1.0/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W"}})");
}

inline std::string page_of(Json::Array items, std::string const& next = "") {
  Json page = Json::object({{"value", Json(std::move(items))}});
  if (!next.empty()) page["nextLink"] = next;
  return page.dump();
}

}  // namespace trainyard::azure
