// A small file as a whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "controller/base/result.hpp"

namespace trainyard::kube {

/// NotFound, Forbidden or Invalid (a folder, larger than 1 MiB). Pipes are read to their end.
Result<std::string> read_text_file(std::filesystem::path const& path);

/// Without blanks and line ends around it.
std::string trimmed(std::string_view text);

}  // namespace trainyard::kube
