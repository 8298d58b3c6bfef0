// Workspace: which Azure ML workspace, with which credential.
#pragma once

#include <string>

#include "controller/base/json.hpp"
#include "manifests/condition.hpp"

namespace trainyard::manifests {

struct SecretKeyRef {
  std::string name, key;
  bool operator==(SecretKeyRef const&) const = default;
};

/// spec.credential.clientSecret
struct ClientSecretCredentialSpec {
  std::string tenant_id, client_id;
  SecretKeyRef secret_ref;
  bool operator==(ClientSecretCredentialSpec const&) const = default;
};

struct WorkspaceSpec {
  std::string subscription_id, resource_group;
  std::string name;  // in Azure
  std::string cloud = "public";
  ClientSecretCredentialSpec client_secret;
  bool operator==(WorkspaceSpec const&) const = default;
};

struct WorkspaceStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string workspace_id;  // Azure's GUID, stays for life
  std::string location, provisioning_state;
  std::string studio_url;                 // where a person looks
  std::string last_handled_reconcile_at;  // the annotation reconcile-requested-at that was answered last
  std::string next_look;                  // RFC 3339; when it will be tried again after an error, else ""
  std::int64_t setbacks = 0;              // failed tries in a row: waits grow with it
  bool operator==(WorkspaceStatus const&) const = default;
};

WorkspaceSpec workspace_spec_from_json(Json const& spec);  // of a spec that was validated; defaults filled in
Json to_json(WorkspaceStatus const& status);
WorkspaceStatus workspace_status_from_json(Json const& status);

}  // namespace trainyard::manifests
