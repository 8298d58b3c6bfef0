// Of commands that speak to a cluster: which one it is, and where its API has our kinds.
#pragma once

#include "controller/cli/options.hpp"
#include "controller/kube/config.hpp"
#include "controller/kube/resource.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

/// From --kubeconfig, --context and the environment.
kube::ConfigSource config_source_of(Parsed const& parsed);
kube::ResourceType resource_type_of(manifests::Kind const& kind);

}  // namespace trainyard::cli
