// What a node is given to run a command job: its snapshot, its command line, its variables.
// Source: sheet 3, section 8.
#pragma once

#include <string>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// The id of an experiment; the same name in the same workspace has the same id for ever.
std::string experiment_id(Workspace const& workspace, std::string_view experiment);

/// Of a command job's properties. NotFound if its code version or its files are not there.
Result<JobStart> job_start(Shared& shared, Workspace const& workspace, std::string const& name,
                           Json const& properties);

}  // namespace trainyard::azsim
