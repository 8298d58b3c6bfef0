#include "controller/local/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace trainyard::local {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20U;

/// A name beside `path` for what is to be renamed there; each file here has one writer at a time per process.
std::filesystem::path temporary_for(std::filesystem::path const& path) {
  std::filesystem::path name = path;
  return name += ".new" + std::to_string(::gettid());
}

Result<Done> write_file(std::filesystem::path const& path, std::string_view content, Durable durable) {
  Fd const file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return file_error(errno, "writing", path);
  if (Result<Done> const written = write_all(file, content, path); !written) return written.error();
  if (durable == Durable::Yes && ::fsync(file.get()) != 0) return file_error(errno, "writing", path);
  return Done{};
}

}  // namespace

Error file_error(int error_number, std::string_view what, std::filesystem::path const& path) {
  bool const absent = error_number == ENOENT || error_number == ENOTDIR;
  return {.kind = absent ? ErrorKind::NotFound : ErrorKind::Transient,
          .reason = "FileError",
          .message =
              std::string(what) + " " + path.string() + ": " + std::generic_category().message(error_number)};
}

Fd open_beneath(int folder, std::string const& path, int flags) {
  struct open_how how {};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long number = -1;
  do {  // EAGAIN: something was renamed meanwhile, and the kernel could not be sure that it stayed beneath
    number = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  } while (number < 0 && (errno == EAGAIN || errno == EINTR));
  return Fd(static_cast<int>(number));
}

Result<Done> read_all(Fd const& file, std::filesystem::path const& path,
                      std::function<Result<Done>(std::string_view)> const& sink) {
  std::array<char, std::size_t{1} << 16U> buffer;
  while (true) {
    ssize_t const got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(errno, "reading", path);
    if (got == 0) return Done{};
    Result<Done> const taken = sink({buffer.data(), static_cast<std::size_t>(got)});
    if (!taken) return taken.error();
  }
}

Result<Done> write_all(Fd const& file, std::string_view bytes, std::filesystem::path const& path) {
  while (!bytes.empty()) {
    ssize_t const put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return file_error(errno, "writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Done{};
}

Result<std::string> read_file(std::filesystem::path const& path) {
  // Without O_NONBLOCK a named pipe would hold us until somebody writes to it.
  Fd const file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return file_error(errno, "reading", path);
  std::string content;
  Result<Done> const read = read_all(file, path, [&](std::string_view piece) -> Result<Done> {
    content += piece;
    if (content.size() <= kMostBytes) return Done{};
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "FileTooLarge",
                 .message = path.string() + " is larger than 16 MiB, so it is not what was written there"};
  });
  if (!read) return read.error();
  return content;
}

Result<Done> replace_file(std::filesystem::path const& path, std::string_view content, Durable durable) {
  std::filesystem::path const temporary = temporary_for(path);
  Result<Done> written = write_file(temporary, content, durable);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = file_error(errno, "writing", path);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return durable == Durable::Yes ? sync_folder(path.parent_path()) : written;
}

Result<Done> create_file(std::filesystem::path const& path, std::string_view content) {
  std::filesystem::path const temporary = temporary_for(path);
  Result<Done> written = write_file(temporary, content, Durable::Yes);
  if (written && ::link(temporary.c_str(), path.c_str()) != 0)
    written = errno == EEXIST ? Error{.kind = ErrorKind::Conflict,
                                      .reason = "FileExists",
                                      .message = path.string() + " is there already"}
                              : file_error(errno, "writing", path);
  ::unlink(temporary.c_str());
  if (!written) return written;
  return sync_folder(path.parent_path());
}

Result<Done> sync_folder(std::filesystem::path const& folder) {
  Fd const file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::fsync(file.get()) != 0) return file_error(errno, "writing", folder);
  return Done{};
}

}  // namespace trainyard::local
