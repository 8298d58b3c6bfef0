// The workspace itself. Source: Azure ML REST, Workspaces - Get, 2023-10-01.
#pragma once

#include <string>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

struct AmlWorkspace {
  std::string arm_id, workspace_id;  // workspace_id is the GUID that stays for life
  std::string location, provisioning_state;
  std::string discovery_url, tracking_uri;  // tracking_uri as https
  WallTime seen_at{};
};
Result<AmlWorkspace> parse_workspace(Json const& body);
Result<AmlWorkspace> get_workspace(ArmClient& arm, WorkspaceId const& id, Context const& context);

}  // namespace trainyard::azure
