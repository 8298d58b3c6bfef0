// What tells that a file changed.
#pragma once

#include <cstdint>

#include <sys/stat.h>

namespace trainyard {

/// Differs when a file was replaced, written or given other rights.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0, modified = 0, changed = 0;  // times in nanoseconds
  std::uint32_t mode = 0;
  bool operator==(FileIdentity const&) const = default;
  /// Nobody but its owner may read or write it.
  [[nodiscard]] bool is_private() const { return (mode & 077U) == 0; }
};
FileIdentity identity_of(struct stat const& facts);

}  // namespace trainyard
