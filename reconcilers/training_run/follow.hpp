// The log of a remote run while somebody follows it (design, rule 34). Beside the passes over the run: it
// reads what they recorded, and changes nothing of the run.
#pragma once

#include <optional>

#include "reconcilers/azure/run_history.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::reconcilers {

/// Was its log asked for within kFollowFresh? A clock that goes before ours by less than 5 minutes is no
/// matter.
bool is_followed(StoredObject const& run, WallTime now);

/// Keeps what is new of the log. When to do it again; nullopt: when somebody asks.
std::optional<Duration> follow_log(Parts const& parts, StoredObject const& run, Context const& context);

/// What is kept after a further part was read.
void add(KeptLog& log, azure::LogPart const& part);

}  // namespace trainyard::reconcilers
