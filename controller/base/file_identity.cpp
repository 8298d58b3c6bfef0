#include "controller/base/file_identity.hpp"

namespace trainyard {

FileIdentity identity_of(struct stat const& facts) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {.device = facts.st_dev,
          .inode = facts.st_ino,
          .size = facts.st_size,
          .modified = facts.st_mtim.tv_sec * kNanoseconds + facts.st_mtim.tv_nsec,
          .changed = facts.st_ctim.tv_sec * kNanoseconds + facts.st_ctim.tv_nsec,
          .mode = facts.st_mode};
}

}  // namespace trainyard
