#include "controller/local/log_tail.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "controller/base/text.hpp"
#include "controller/local/files.hpp"

namespace trainyard::local {

namespace {

constexpr std::size_t kMostLines = 20, kMostLineBytes = 400;
constexpr off_t kMostBytes = off_t{64} << 10U;

std::string last_bytes(std::filesystem::path const& log) {
  Fd const file(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  off_t const size = ::lseek(file.get(), 0, SEEK_END);
  off_t const from = std::max<off_t>(size - kMostBytes, 0);
  ::lseek(file.get(), from, SEEK_SET);
  std::string text;
  Result<Done> const read = read_all(file, log, [&](std::string_view piece) {
    text += piece;
    return Result<Done>(Done{});
  });
  if (!read) return {};
  // The first line may be half of one, and half a secret is not recognised.
  if (from > 0) text.erase(0, text.find('\n') == std::string::npos ? text.size() : text.find('\n') + 1);
  return text;
}

void blot(std::string& text, std::string const& secret) {
  constexpr std::string_view kBlot = "[hidden]";
  if (secret.empty()) return;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kBlot.size()))
    text.replace(at, secret.size(), kBlot);
}

}  // namespace

std::vector<std::string> log_tail(std::filesystem::path const& log, Scrubber const& scrubber,
                                  std::string const& token) {
  std::string text = without_controls(last_bytes(log));
  blot(text, token);
  text = scrubber.scrub(text);
  return last_lines(text, kMostLines, kMostLineBytes);
}

}  // namespace trainyard::local
