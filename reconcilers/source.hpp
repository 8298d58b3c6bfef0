// The seam to a run's source: the files that make its snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard::reconcilers {

/// spec.source with what it is relative to: one of `directory` and `config_map`, the other is "".
struct SourceRef {
  std::string declared_in;  // where the object was declared, "quickstart.yaml:12"
  std::string directory;
  std::string ns;  // the object's namespace, which the ConfigMap is in too
  std::string config_map;
};

struct SourceInfo {
  std::string digest;  // hex SHA-256 over paths, kinds, executable bits and contents, in order of path
  std::int64_t bytes = 0;
  std::vector<std::string> files;     // relative paths, sorted
  std::vector<std::string> warnings;  // what is lost on the way to Azure: links, executable bits
};

struct SourceFile {
  std::string path, content;
};

struct SourceReader {
  virtual ~SourceReader() = default;
  /// Errors are Invalid with reason SourceMissing, SourceTooLarge, SourceLinkOutside, SourceLinkLoop,
  /// SourceUnreadable, SourceNotServed (it is none for this reader); .amlignore, else .gitignore, applies.
  virtual Result<SourceInfo> scan(SourceRef const& source, Context const& context) = 0;
  /// Contents, links followed. Transient with reason SourceChanged if they no longer have that digest.
  virtual Result<std::vector<SourceFile>> read(SourceRef const& source, std::string const& digest,
                                               Context const& context) = 0;
};

}  // namespace trainyard::reconcilers
