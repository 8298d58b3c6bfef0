#include "manifests/workspace.hpp"

#include "manifests/json_fields.hpp"

namespace trainyard::manifests {

WorkspaceSpec workspace_spec_from_json(Json const& spec) {
  Json const& secret = spec.at({"credential", "clientSecret"});
  WorkspaceSpec workspace{.subscription_id = spec.text("subscriptionId"),
                          .resource_group = spec.text("resourceGroup"),
                          .name = spec.text("name"),
                          .client_secret = {.tenant_id = secret.text("tenantId"),
                                            .client_id = secret.text("clientId"),
                                            .secret_ref = {.name = secret.text({"secretRef", "name"}),
                                                           .key = secret.text({"secretRef", "key"})}}};
  workspace.cloud = spec.at("cloud").string_or(workspace.cloud);
  return workspace;
}

Json to_json(WorkspaceStatus const& status) {
  Json json = Json::object(
      {{"observedGeneration", status.observed_generation}, {"conditions", to_json(status.conditions)}});
  put_text(json, "workspaceId", status.workspace_id);
  put_text(json, "location", status.location);
  put_text(json, "provisioningState", status.provisioning_state);
  put_text(json, "studioUrl", status.studio_url);
  put_text(json, "lastHandledReconcileAt", status.last_handled_reconcile_at);
  put_text(json, "nextLook", status.next_look);
  put_count(json, "setbacks", status.setbacks);
  return json;
}

WorkspaceStatus workspace_status_from_json(Json const& status) {
  return {.observed_generation = count_of(status, "observedGeneration"),
          .conditions = conditions_from_json(status.at("conditions")),
          .workspace_id = status.text("workspaceId"),
          .location = status.text("location"),
          .provisioning_state = status.text("provisioningState"),
          .studio_url = status.text("studioUrl"),
          .last_handled_reconcile_at = status.text("lastHandledReconcileAt"),
          .next_look = status.text("nextLook"),
          .setbacks = count_of(status, "setbacks")};
}

}  // namespace trainyard::manifests
