// What a job says while it runs and after: metrics (MLflow), the reason of a failure, times, the end of its
// log.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reconcilers/azure/arm.hpp"
#include "reconcilers/azure/workspaces.hpp"

namespace trainyard::azure {

struct RunDetails {
  std::string started_at, ended_at;       // RFC 3339 or ""
  std::string error_code, error_message;  // of a failure, scrubbed
  std::string cancelation_reason;
  std::map<std::string, std::string> log_files;  // path: SAS URL; never printed
};
/// A run that is not known there yet (it failed at once, say) gives empty details.
Result<RunDetails> get_run_details(ArmClient& arm, WorkspaceId const& id, AmlWorkspace const& workspace,
                                   std::string const& run, Context const& context);
/// Last value of each metric. A run that has none yet, or is not known yet, gives none.
Result<std::map<std::string, double>> get_metrics(ArmClient& arm, WorkspaceId const& id,
                                                  AmlWorkspace const& workspace, std::string const& run,
                                                  Context const& context);
/// The whole lines among the last `bytes` of a log, by its SAS URL, without a token; "" when it is empty or
/// not there yet. Valid UTF-8 whatever the log holds, scrubbed.
Result<std::string> read_log_tail(ArmClient& arm, std::string const& sas_url, std::size_t bytes,
                                  Context const& context);

}  // namespace trainyard::azure
