#include "reconcilers/azure/workspaces.hpp"

#include "reconcilers/azure/api_versions.hpp"

namespace trainyard::azure {

Result<AmlWorkspace> parse_workspace(Json const& body) {
  Json const& properties = body.at("properties");
  AmlWorkspace workspace{.arm_id = body.text("id"),
                         .workspace_id = properties.text("workspaceId"),
                         .location = body.text("location"),
                         .provisioning_state = properties.text("provisioningState"),
                         .discovery_url = properties.text("discoveryUrl"),
                         .tracking_uri = properties.text("mlFlowTrackingUri")};
  // One that is being created may have no addresses yet; one that is there must have them.
  bool const whole =
      !workspace.workspace_id.empty() && !workspace.discovery_url.empty() && !workspace.tracking_uri.empty();
  if (workspace.arm_id.empty() || (same_text(workspace.provisioning_state, "Succeeded") && !whole))
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message =
                     "Azure's answer about the workspace lacks its id, workspaceId, discoveryUrl or "
                     "mlFlowTrackingUri"};
  // azureml://HOST/mlflow/v1.0/...[?] is MLflow's own scheme; the server behind it is spoken to as
  // discoveryUrl's is.
  constexpr std::string_view kScheme = "azureml://";
  if (workspace.tracking_uri.starts_with(kScheme)) {
    bool const plain = workspace.discovery_url.starts_with("http://");
    workspace.tracking_uri.replace(0, kScheme.size(), plain ? "http://" : "https://");
  }
  while (workspace.tracking_uri.ends_with('?') || workspace.tracking_uri.ends_with('/'))
    workspace.tracking_uri.pop_back();
  return workspace;
}

Result<AmlWorkspace> get_workspace(ArmClient& arm, WorkspaceId const& id, Context const& context) {
  Result<ArmAnswer> const answer =
      arm.send("GET", id.path(), kMachineLearningVersion, Json(), Urgency::Edit, context);
  if (!answer) return answer.error();
  Result<AmlWorkspace> workspace = parse_workspace(answer->body);
  if (!workspace) return workspace;
  for (std::string const& address : {workspace->discovery_url, workspace->tracking_uri})
    if (!address.empty())
      if (Result<Url> const allowed = arm.data_plane_url(address); !allowed) return allowed.error();
  workspace->seen_at = answer->began;
  return workspace;
}

}  // namespace trainyard::azure
