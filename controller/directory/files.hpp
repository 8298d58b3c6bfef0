// Files as the operating system has them: descriptors with an owner, whole small files, and what tells that
// one changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "controller/base/fd.hpp"
#include "controller/base/file_identity.hpp"
#include "controller/base/result.hpp"

namespace trainyard::directory {

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
