// Runs as processes of this machine (design, rules 19 and 27), each under a supervisor that outlives the
// operator.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/log.hpp"
#include "controller/base/random.hpp"
#include "controller/local/directory_source.hpp"
#include "reconcilers/local_runner.hpp"

namespace trainyard::local {

struct ProcessRunnerOptions {
  std::filesystem::path runs;        // made if missing, for its owner only; one folder per run, kept for ever
  std::filesystem::path executable;  // started as `executable exec-run RUNDIR`, which calls exec_run()
  std::optional<std::string> ssl_cert_file;  // what scripts see as SSL_CERT_FILE; nothing: they do not see it
};

/// The parts must outlive it. Destroying it ends no run.
std::unique_ptr<reconcilers::LocalRunner> make_process_runner(ProcessRunnerOptions options,
                                                              DirectorySources& sources, Clock const& clock,
                                                              Random& random, Scrubber const& scrubber);

}  // namespace trainyard::local
