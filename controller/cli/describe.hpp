// One object told at length.
#pragma once

#include <string>
#include <vector>

#include "controller/base/object_store.hpp"

namespace trainyard::cli {

/// What `describe` prints: how it stands, conditions, what is found of it, attempts, last log lines, spec,
/// events.
std::string describe(StoredObject const& object, std::vector<StoredEvent> const& events, WallTime now);

}  // namespace trainyard::cli
