// Loops of the product as strands of a world.
#pragma once

#include <string>

#include "controller/base/clock.hpp"
#include "controller/kube/loop.hpp"
#include "tests/sim/fibers.hpp"

namespace trainyard::sim {

/// Each loop on a strand of the group.
kube::LoopRunner on_strands(Fibers& fibers, Clock const& clock, std::string group);

}  // namespace trainyard::sim
