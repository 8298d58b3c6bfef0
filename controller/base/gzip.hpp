// gzip as HTTP uses it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "controller/base/result.hpp"

namespace trainyard {

/// Unpacks a whole gzip stream. Invalid: BadGzip if it is cut short or damaged, TooLarge if it holds more
/// than `max_bytes` (so that a small answer cannot fill the memory).
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace trainyard
