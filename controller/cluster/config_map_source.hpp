// Sources in ConfigMaps: what spec.source.configMap names; its keys are the files (design, rule 25).
#pragma once

#include <map>
#include <mutex>

#include "controller/kube/kube_store.hpp"
#include "reconcilers/source.hpp"

namespace trainyard::cluster {

/// Safe from any thread. A ConfigMap that was read is followed by the store: its key is among the store's
/// changes when it changes.
class ConfigMapSources final : public reconcilers::SourceReader {
 public:
  /// The store must outlive it.
  explicit ConfigMapSources(kube::KubeStore& store) : store_(store) {}
  Result<reconcilers::SourceInfo> scan(reconcilers::SourceRef const& source, Context const& context) override;
  Result<std::vector<reconcilers::SourceFile>> read(reconcilers::SourceRef const& source,
                                                    std::string const& digest,
                                                    Context const& context) override;

 private:
  struct Known {
    std::string version;  // of the ConfigMap that was scanned
    reconcilers::SourceInfo info;
  };

  kube::KubeStore& store_;
  std::mutex mutex_;
  std::map<ObjectKey, Known> known_;  // guarded by mutex_: spares the reading of what has not changed
};

}  // namespace trainyard::cluster
