#include "controller/kube/text_file.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "controller/base/fd.hpp"

namespace trainyard::kube {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

Error file_error(int number, std::filesystem::path const& path) {
  ErrorKind const kind = number == ENOENT || number == ENOTDIR ? ErrorKind::NotFound
                         : number == EACCES                    ? ErrorKind::Forbidden
                                                               : ErrorKind::Invalid;
  return {.kind = kind,
          .reason = "UnreadableFile",
          .message = path.string() + " cannot be read: " + std::generic_category().message(number)};
}

}  // namespace

Result<std::string> read_text_file(std::filesystem::path const& path) {
  Fd const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return file_error(errno, path);
  std::string text;
  std::array<char, 1 << 14> buffer;
  for (;;) {
    ssize_t const got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(errno, path);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostBytes) return file_error(EFBIG, path);
  }
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  auto const begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin));
}

}  // namespace trainyard::kube
