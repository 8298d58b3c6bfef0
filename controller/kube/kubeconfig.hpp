// kubeconfig files, read and merged; what their entries mean is access_of's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "controller/base/json.hpp"
#include "controller/base/result.hpp"
#include "controller/kube/config.hpp"

namespace trainyard::kube {

/// A named cluster, context or user.
struct KubeconfigEntry {
  std::string name;
  Json value;
  std::filesystem::path file;  // which it came from, and which its relative file names start at
};

struct Kubeconfig {
  std::string files;  // as in $KUBECONFIG
  std::string current_context;
  std::vector<KubeconfigEntry> clusters, contexts, users;
  [[nodiscard]] bool empty() const {
    return current_context.empty() && clusters.empty() && contexts.empty() && users.empty();
  }
};

/// Adds what the file says where nothing was said yet. NotFound if it is not there.
Result<Done> add_file(Kubeconfig& config, std::filesystem::path const& file);

/// By the context that `source` names, or the current one.
Result<ClusterAccess> access_of(Kubeconfig const& config, ConfigSource const& source);

Error invalid_kubeconfig(std::filesystem::path const& file, std::string const& field,
                         std::string const& wrong);

}  // namespace trainyard::kube
