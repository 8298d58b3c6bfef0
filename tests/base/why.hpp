// What a Result's error says, for a check's message (which is made whether the check fails or not).
#pragma once

#include <string>

#include "controller/base/result.hpp"

namespace trainyard::test {

template <class T>
std::string why(Result<T> const& result) {
  return result ? "" : result.error().reason + ": " + result.error().message;
}

}  // namespace trainyard::test
