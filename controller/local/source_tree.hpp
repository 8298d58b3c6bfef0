// The files of one source, as they stand in the file system: what is in it, where links lead, what it may not
// be.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "controller/base/file_identity.hpp"
#include "controller/local/files.hpp"

namespace trainyard::local {

struct SourceLimits {
  std::int64_t bytes = 0;
  std::size_t entries = 0;  // files and folders
};

/// What one path of a source is.
struct SourceEntry {
  enum class Kind { File, Link, FolderLink };  // a Link is one to a file that is in the source too
  std::string path;
  Kind kind = Kind::File;
  bool executable = false;
  bool through_link = false;  // reached through a FolderLink that is in the source too
  std::string target;         // of a link, as written
  FileIdentity file;          // of the content: a link's is that of what it leads to
};

struct SourceTree {
  Fd root;
  std::vector<SourceEntry> entries;   // by path
  std::int64_t bytes = 0;             // of all files, links followed
  std::vector<std::string> left_out;  // paths of what is neither file nor folder nor link
};

/// Walks the folder. A link whose target is not in the source (ignored, say) counts as a copy of what it
/// leads to. Errors as SourceReader::scan(); Transient when something vanished under the walk; what `go_on`
/// says otherwise.
Result<SourceTree> walk_source(Fd root, SourceLimits const& limits,
                               std::function<Result<Done>()> const& go_on);

}  // namespace trainyard::local
