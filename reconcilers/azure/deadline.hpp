// Every call to Azure has a deadline of its own within its caller's.
#pragma once

#include <algorithm>

#include "controller/base/clock.hpp"

namespace trainyard::azure {

inline Context within(Context const& context, Duration limit, Clock const& clock) {
  return {.stop = context.stop, .deadline = std::min(context.deadline, clock.steady() + limit)};
}

}  // namespace trainyard::azure
