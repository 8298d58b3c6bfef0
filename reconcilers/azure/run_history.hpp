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

/// Which part of a log is wanted.
struct LogWanted {
  std::size_t from = 0, most = 0;  // bytes
  bool ended = false;              // nothing more will be written to it
};
struct LogPart {
  std::string text;         // whole lines
  std::size_t skipped = 0;  // bytes before it that are left out
  std::size_t next = 0;     // where to go on
};
/// Beyond the byte `from`, and of that the end. Lines are left for the next time until they are whole, unless
/// the log has ended. One that is shorter than `from` was begun anew, and is read so. For the rest as
/// read_log_tail.
Result<LogPart> read_log(ArmClient& arm, std::string const& sas_url, LogWanted const& wanted,
                         Context const& context);

}  // namespace trainyard::azure
