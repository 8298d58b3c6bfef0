// The flags of `run` that mean the same for a folder and for a cluster.
#pragma once

#include "controller/base/log.hpp"
#include "controller/cli/operator_core.hpp"
#include "controller/cli/options.hpp"

namespace trainyard::cli {

/// --cluster-name, --workers, --clouds, --allow-git-hosts, and the proxies of the environment.
Result<CoreOptions> core_options_of(Parsed const& parsed);
LogLevel log_level_of(Parsed const& parsed, std::string_view otherwise);
LogFormat log_format_of(Parsed const& parsed);

}  // namespace trainyard::cli
