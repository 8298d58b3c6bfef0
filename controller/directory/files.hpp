// Files as the operating system has them: descriptors with an owner, whole small files, and what tells that
// one changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "controller/base/fd.hpp"
#include "controller/base/result.hpp"

namespace trainyard::directory {

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
std::string mode_text(FileIdentity const& identity);  // "0644"

struct FileText {
  FileIdentity identity;
  std::string text;
};

inline constexpr std::int64_t kMostFileBytes = std::int64_t{1} << 20;

/// The kind that fits errno, and a message with the path and the system's words.
Error file_error(int error_number, std::string_view what, std::filesystem::path const& path);
/// Closed on exec, as every descriptor here.
Result<Fd> open_file(std::filesystem::path const& path, int flags, unsigned mode = 0);
/// Without reading it; links are followed.
Result<FileIdentity> look_at(std::filesystem::path const& path);
/// A regular file's whole content. Invalid for what is no file and for more than kMostFileBytes.
Result<FileText> read_file(std::filesystem::path const& path);
/// The folder and those above it that are missing, for their owner only.
Result<Done> make_folder(std::filesystem::path const& path);
/// True if both are there and are the same.
bool same_file(std::filesystem::path const& a, std::filesystem::path const& b);

}  // namespace trainyard::directory
