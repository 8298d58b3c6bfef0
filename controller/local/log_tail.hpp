// The end of a log, fit for a status.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "controller/base/log.hpp"

namespace trainyard::local {

/// At most 20 lines of the last 64 KiB, valid UTF-8 whatever was printed, scrubbed, each at most 400 bytes;
/// of a line that was overwritten (a progress bar's) what stood last. `token` is blotted out too. Empty
/// without a log.
std::vector<std::string> log_tail(std::filesystem::path const& log, Scrubber const& scrubber,
                                  std::string const& token);

}  // namespace trainyard::local
