// The body of a call, handed over as lines while it comes.
#pragma once

#include <functional>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/cpprest_call.hpp"

namespace trainyard::cpprest {

struct LineLimits {
  std::size_t longest_line = 0;  // bytes; also of the body of an answer that is not 2xx
  Duration head{};               // longest wait for the head
  Duration line{};               // and then for each line
};

/// Until the call is done: then the body, which is empty for a 2xx answer, and `call.outcome()` tells how it
/// ended. After an Error the call is to be given up.
Result<std::string> follow_lines(Call& call, LineLimits const& limits,
                                 std::function<void(std::string line)> const& on_line, Clock const& clock,
                                 Context const& context);

}  // namespace trainyard::cpprest
