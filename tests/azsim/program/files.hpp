// Files that are there whole or not at all.
#pragma once

#include <optional>
#include <string>

#include "controller/base/result.hpp"

namespace trainyard::azsim {

enum class Readers { Everybody, Owner };

/// Writes beside it, syncs, and renames. Errors name the file.
Result<Done> write_file(std::string const& path, std::string const& content, Readers readers);
/// Nothing if there is no such file.
Result<std::optional<std::string>> read_file(std::string const& path);

/// A fresh folder below the system's temporary one, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();  // throws std::filesystem::filesystem_error
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  [[nodiscard]] std::string const& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace trainyard::azsim
