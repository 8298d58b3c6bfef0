// The log of a remote run that is followed, as a ConfigMap beside its TrainingRun (design, rule 34): who may
// read it is the namespace's own affair.
#pragma once

#include <string>

#include "controller/kube/api_client.hpp"
#include "reconcilers/run_log.hpp"

namespace trainyard::cluster {

std::string log_map_name(std::string_view run);  // of the TrainingRun of that name

/// A ConfigMap of that name may be anybody's: ours is that of this very TrainingRun, and goes with it.
bool is_log_of(Json const& map, StoredObject const& run);
Json log_map_of(StoredObject const& run, reconcilers::KeptLog const& log);
reconcilers::KeptLog kept_log_of(Json const& map);
Error not_our_map(StoredObject const& run);

class LogMaps final : public reconcilers::RunLogs {
 public:
  explicit LogMaps(kube::ApiClient& api) : api_(api) {}
  Result<Found> find(StoredObject const& run, Context const& context) override;
  Result<Done> keep(StoredObject const& run, reconcilers::KeptLog const& log, std::string const& version,
                    Context const& context) override;

 private:
  kube::ApiClient& api_;
};

}  // namespace trainyard::cluster
