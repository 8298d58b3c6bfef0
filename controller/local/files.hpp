// Descriptors with an owner, and files that are there whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "controller/base/fd.hpp"
#include "controller/base/result.hpp"

namespace trainyard::local {

/// NotFound for what is not there, else Transient: a full disk may have room again. With the system's words.
Error file_error(int error_number, std::string_view what, std::filesystem::path const& path);

/// Closed on exec, as every descriptor here. `path` beneath `folder` whatever links say; errno if it fails.
Fd open_beneath(int folder, std::string const& path, int flags);

/// Hands the bytes from here to the end over, in pieces, until the sink fails.
Result<Done> read_all(Fd const& file, std::filesystem::path const& path,
                      std::function<Result<Done>(std::string_view)> const& sink);
Result<Done> write_all(Fd const& file, std::string_view bytes, std::filesystem::path const& path);

/// A regular file's content, at most 16 MiB.
Result<std::string> read_file(std::filesystem::path const& path);
/// Puts the file in place by rename, so that a reader finds the old or the new one. Durable: also after a
/// power cut.
enum class Durable { No, Yes };
Result<Done> replace_file(std::filesystem::path const& path, std::string_view content, Durable durable);
/// As replace_file(), but Conflict if the file is there already. Durable.
Result<Done> create_file(std::filesystem::path const& path, std::string_view content);
/// What was renamed or made in the folder stays so after a power cut.
Result<Done> sync_folder(std::filesystem::path const& folder);

}  // namespace trainyard::local
