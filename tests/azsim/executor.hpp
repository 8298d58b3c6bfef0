// Runs the simulator's jobs for real, as processes of this machine.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct ProcessExecutorOptions {
  std::string folder;  // absolute; each run gets a fresh folder below it, removed when the run has ended
  /// Seen by every job, e.g. SSL_CERT_FILE so that it trusts the simulator's certificate.
  std::vector<std::pair<std::string, std::string>> environment;
  Duration grace{5000};  // from SIGTERM to SIGKILL of a canceled job
};

/// A job is `/bin/sh -c command` in its own process group and in a copy of its snapshot. Of this process's
/// environment it sees PATH, HOME and the locale only. `${{outputs.x}}` and
/// AZURE_ML_OUTPUT_x are a place beside the snapshot. When the shell ends, so does whatever it left running.
/// A run that has been reported as ended is forgotten. Destroying the executor kills what still runs.
/// One thread at a time, as the simulator itself.
std::unique_ptr<JobExecutor> make_process_executor(ProcessExecutorOptions options, Clock const& clock);

}  // namespace trainyard::azsim
