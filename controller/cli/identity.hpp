// Who this state store is, for ever (design, rule 10).
#pragma once

#include <filesystem>
#include <string>

#include "controller/base/random.hpp"
#include "controller/base/result.hpp"

namespace trainyard::cli {

/// Read from the state folder; made by chance and kept there when it is not there yet. The caller has the
/// folder to itself.
Result<std::string> identity_of(std::filesystem::path const& state, Random& random);

}  // namespace trainyard::cli
