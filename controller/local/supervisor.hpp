// Runs one script to its end: its process, its log, its MLflow service, its result.
#pragma once

#include "controller/base/clock.hpp"
#include "controller/local/run_folder.hpp"

namespace trainyard::local {

/// Blocks until the run has ended and its result is on disk. The caller holds the folder's lock, has no
/// threads, and an environment that the script may see.
Result<Done> supervise(RunFolder const& folder, Clock const& clock);

}  // namespace trainyard::local
