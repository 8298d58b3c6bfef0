// The managed identity of a resource, as the service completes what was sent.
#pragma once

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// With principals and clients; those of `before` stay. A user-assigned identity given as null is taken away.
Json completed_identity(Shared const& shared, Json const& given, Json const& before);

}  // namespace trainyard::azsim
