// What names the content of a source: the same files have the same digest, wherever they come from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard::reconcilers {

/// Views of what outlives the call.
struct DigestedEntry {
  enum class Kind { File, Executable, Link, FolderLink };
  std::string_view path;
  Kind kind = Kind::File;
  std::string_view content;  // of a file its SHA-256, 32 raw bytes; of a link its target
};

/// SourceInfo::digest. The entries come in the order of their paths.
std::string source_digest(std::vector<DigestedEntry> const& entries);

}  // namespace trainyard::reconcilers
