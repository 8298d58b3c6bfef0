-- How Argo CD sees an object of Trainyard's: put this under resource.customizations.health.trainyard.dev_TrainingRun in
-- the ConfigMap argocd-cm, and the same for trainyard.dev_ComputeTarget and trainyard.dev_Workspace.
local health = {status = "Progressing", message = "waiting for the operator"}
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
for _, condition in ipairs(status.conditions) do
  if condition.type == "Stalled" and condition.status == "True" then
    return {status = "Degraded", message = condition.message}
  end
  if condition.type == "Ready" then
    health.message = condition.message
    if condition.status == "True" then health.status = "Healthy" end
    if condition.status == "Unknown" then health.status = "Unknown" end
  end
end
return health
