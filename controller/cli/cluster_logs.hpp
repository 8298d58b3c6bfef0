// The logs of a cluster's runs, as its user reads them.
#pragma once

#include "controller/cli/cluster_session.hpp"
#include "controller/cli/run_site.hpp"

namespace trainyard::cli {

/// Of a run that is a Job: its pod's log, which the API server hands on. The session must outlive it.
std::unique_ptr<RunLog> pod_log(ClusterSession& session, StoredObject run, bool follow);
/// Of a run in Azure: the operator is asked to keep its end in a ConfigMap (design, rule 34).
std::unique_ptr<RunLog> map_log(ClusterSession& session, StoredObject run, bool follow);

}  // namespace trainyard::cli
