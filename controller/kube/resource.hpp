// Types of resources of an API server, and the addresses of their objects.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace trainyard::kube {

/// Namespaced ones only. Views of text that lives for ever.
struct ResourceType {
  std::string_view group;  // "" for the core group
  std::string_view version, plural, kind;
};

inline constexpr ResourceType kSecrets{"", "v1", "secrets", "Secret"};
inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kPods{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kJobs{"batch", "v1", "jobs", "Job"};
inline constexpr ResourceType kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};

std::string api_version(ResourceType const& type);  // "trainyard.dev/v1alpha1", "v1"
/// "/apis/trainyard.dev/v1alpha1/namespaces/default/workspaces"; of all namespaces if `ns` is "".
std::string collection_path(ResourceType const& type, std::string_view ns);
/// ".../workspaces/ml", ".../workspaces/ml/status"
std::string object_path(ResourceType const& type, std::string_view ns, std::string_view name,
                        std::string_view subresource = "");
/// "?limit=500&continue=x", values encoded; pairs without a value are left out.
std::string query(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

}  // namespace trainyard::kube
