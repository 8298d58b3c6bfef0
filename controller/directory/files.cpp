#include "controller/directory/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace trainyard::directory {

namespace {

ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::Forbidden;
    case ELOOP:
    case ENAMETOOLONG:
    case EISDIR:
      return ErrorKind::Invalid;
    default:
      return ErrorKind::Transient;
  }
}

Error not_a_file(std::filesystem::path const& path) {
  return {.kind = ErrorKind::Invalid, .reason = "NotAFile", .message = path.string() + " is no regular file"};
}

}  // namespace

std::string mode_text(FileIdentity const& identity) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", identity.mode & 07777U);
  return text.data();
}

Error file_error(int error_number, std::string_view what, std::filesystem::path const& path) {
  return {.kind = kind_of(error_number),
          .reason = "FileError",
          .message =
              std::string(what) + " " + path.string() + ": " + std::generic_category().message(error_number)};
}

Result<Fd> open_file(std::filesystem::path const& path, int flags, unsigned mode) {
  int const number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (number < 0) return file_error(errno, "opening", path);
  return Fd(number);
}

Result<FileIdentity> look_at(std::filesystem::path const& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return file_error(errno, "reading", path);
  return identity_of(facts);
}

Result<FileText> read_file(std::filesystem::path const& path) {
  // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
  Result<Fd> const file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file) return file.error();
  struct stat facts {};
  if (::fstat(file->get(), &facts) != 0) return file_error(errno, "reading", path);
  if (!S_ISREG(facts.st_mode)) return not_a_file(path);
  FileText read{identity_of(facts), {}};
  std::array<char, 1 << 14> buffer;
  while (true) {
    ssize_t const got = ::read(file->get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(errno, "reading", path);
    if (got == 0) return read;
    read.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (static_cast<std::int64_t>(read.text.size()) > kMostFileBytes)
      return Error{.kind = ErrorKind::Invalid,
                   .reason = "FileTooLarge",
                   .message = path.string() + " is larger than 1 MiB; split it"};
  }
}

Result<Done> make_folder(std::filesystem::path const& path) {
  std::error_code error;
  if (path.has_parent_path() && path.parent_path() != path &&
      !std::filesystem::exists(path.parent_path(), error)) {
    Result<Done> above = make_folder(path.parent_path());
    if (!above) return above;
  }
  if (::mkdir(path.c_str(), 0700) == 0) return Done{};
  int const why = errno;
  if (std::filesystem::is_directory(path, error)) return Done{};
  return file_error(why == EEXIST ? ENOTDIR : why, "making the folder", path);
}

bool same_file(std::filesystem::path const& a, std::filesystem::path const& b) {
  Result<FileIdentity> const first = look_at(a);
  Result<FileIdentity> const second = look_at(b);
  return first && second && first->device == second->device && first->inode == second->inode;
}

}  // namespace trainyard::directory
