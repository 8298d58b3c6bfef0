#include "controller/cli/cluster_names.hpp"

#include <cstdlib>

namespace trainyard::cli {

kube::ConfigSource config_source_of(Parsed const& parsed) {
  kube::ConfigSource source{.context = parsed.get("context")};
  for (char const* const name : {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"})
    if (char const* const value = std::getenv(name)) source.environment[name] = value;
  if (char const* const home = std::getenv("HOME")) source.home = home;
  if (parsed.has("kubeconfig")) source.file = parsed.get("kubeconfig");
  return source;
}

kube::ResourceType resource_type_of(manifests::Kind const& kind) {
  std::size_t const slash = manifests::kGroupVersion.find('/');
  return {.group = manifests::kGroupVersion.substr(0, slash),
          .version = manifests::kGroupVersion.substr(slash + 1),
          .plural = kind.plural,
          .kind = kind.kind};
}

}  // namespace trainyard::cli
