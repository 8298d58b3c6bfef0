// What the hidden command `trainyard exec-run RUNDIR` does: it becomes the supervisor of one run.
#pragma once

#include <filesystem>

namespace trainyard::local {

/// The descriptor on which the supervisor inherits the lock of its run's folder, held.
inline constexpr int kLockDescriptor = 3;

/// To be called by a process without threads, started by make_process_runner()'s runner: nobody else hands
/// over the lock of the run's folder. Returns in the starting process at once, 0 if the supervisor is on its
/// way; the supervisor itself, detached, returns when the run has ended.
int exec_run(std::filesystem::path const& run_folder);

}  // namespace trainyard::local
