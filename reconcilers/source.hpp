// The seam to a run's source: the files that make its snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard::reconcilers {

struct GitRef {
  std::string url, ref, path, secret;  // as spec.source.git has them
  std::string commit;                  // what `ref` was found to be; "" when that is to be asked
};

/// spec.source with what it is relative to: one of `directory`, `config_map` and git.url, the others are "".
struct SourceRef {
  std::string declared_in;  // where the object was declared, "quickstart.yaml:12"
  std::string directory;
  std::string ns;  // the object's namespace, which the ConfigMap and the Secret are in too
  std::string config_map;
  GitRef git = {};
};

struct SourceInfo {
  std::string digest;  // hex SHA-256 over paths, kinds, executable bits and contents, in order of path
  std::int64_t bytes = 0;
  std::vector<std::string> files;     // relative paths, sorted
  std::vector<std::string> warnings;  // what is lost on the way to Azure: links, executable bits
  std::string commit = {};            // of a git source
};

struct SourceFile {
  std::string path, content;
};

struct SourceReader {
  virtual ~SourceReader() = default;
  /// Errors of what is there are Invalid with reason SourceMissing, SourceTooLarge, SourceLinkOutside,
  /// SourceLinkLoop, SourceUnreadable, SourceNotServed (it is none for this reader); .amlignore, else
  /// .gitignore, applies. A git source asks its server unless its commit is known and at hand; controller/git
  /// tells more errors.
  virtual Result<SourceInfo> scan(SourceRef const& source, Context const& context) = 0;
  /// Contents, links followed. Transient with reason SourceChanged if they no longer have that digest.
  virtual Result<std::vector<SourceFile>> read(SourceRef const& source, std::string const& digest,
                                               Context const& context) = 0;
};

}  // namespace trainyard::reconcilers
