// What a Job and its pods say of a run.
#pragma once

#include "controller/base/json.hpp"
#include "reconcilers/local_runner.hpp"

namespace trainyard::cluster {

/// The condition's value if it is True, else null.
Json const& true_condition(Json const& object, std::string_view type);
/// No more pods will come of it: it completed or failed.
bool is_finished(Json const& job);
/// The selector by which its pods are listed; "" for a Job that has none.
std::string pod_selector(Json const& job);
/// The pod that ran last; null if there is none.
Json const& last_pod(Json const& pods);
/// The script's, if it ended by itself or by a signal, and not because its node was taken away.
std::optional<int> exit_code_of(Json const& pod);

/// Without the log's end. `pods`: all of the Job's.
reconcilers::LocalRun run_of(Json const& job, Json const& pods);

}  // namespace trainyard::cluster
