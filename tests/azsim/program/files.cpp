#include "tests/azsim/program/files.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trainyard::azsim {
namespace {

Error failed(std::string const& what, std::string const& path) {
  return {.kind = ErrorKind::Invalid,
          .reason = "File",
          .message = what + " " + path + ": " + std::generic_category().message(errno)};
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    ssize_t const written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<Done> write_file(std::string const& path, std::string const& content, Readers readers) {
  std::string const fresh = path + ".new";
  mode_t const mode = readers == Readers::Owner ? 0600 : 0644;
  int const file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return failed("cannot write", fresh);
  bool const good = write_all(file, content) && fsync(file) == 0;
  if (!good) {
    Error const error = failed("cannot write", fresh);
    close(file);
    unlink(fresh.c_str());
    return error;
  }
  close(file);
  if (rename(fresh.c_str(), path.c_str()) != 0) return failed("cannot replace", path);
  return Done{};
}

Result<std::optional<std::string>> read_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::optional<std::string>();
    return failed("cannot read", path);
  }
  std::string content((std::istreambuf_iterator<char>(file)), {});
  if (file.bad()) return failed("cannot read", path);
  return std::optional<std::string>(std::move(content));
}

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "azsim-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr)
    throw std::filesystem::filesystem_error("cannot make a folder", path_,
                                            std::error_code(errno, std::generic_category()));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace trainyard::azsim
