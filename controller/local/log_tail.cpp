#include "controller/local/log_tail.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "controller/local/files.hpp"

namespace trainyard::local {

namespace {

constexpr std::size_t kMostLines = 20, kMostLineBytes = 400;
constexpr off_t kMostBytes = off_t{64} << 10U;

/// The length of the UTF-8 character at the beginning, 0 if there is none (RFC 3629: no overlong forms, no
/// surrogates).
std::size_t character(std::string_view text) {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  std::size_t const length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  unsigned const low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned const high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return length;
}

/// Control characters would move a terminal's cursor, or worse; a tab is harmless.
std::string readable(std::string_view line) {
  std::string clean;
  while (!line.empty() && clean.size() < kMostLineBytes) {
    std::size_t const length = character(line);
    unsigned char const first = static_cast<unsigned char>(line.front());
    if (length == 0)
      clean += "\xEF\xBF\xBD";  // the replacement character
    else if (first == '\t' || (first >= 0x20 && first != 0x7F))
      clean += line.substr(0, length);
    line.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

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
  std::string text = last_bytes(log);
  blot(text, token);
  text = scrubber.scrub(text);
  std::string_view rest = text;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  std::vector<std::string> lines;
  while (!rest.empty() && lines.size() < kMostLines) {
    std::size_t const before = rest.rfind('\n');
    std::string_view line = before == std::string_view::npos ? rest : rest.substr(before + 1);
    rest = before == std::string_view::npos ? std::string_view() : rest.substr(0, before);
    while (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(readable(line.substr(line.rfind('\r') + 1)));  // npos + 1 is 0
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace trainyard::local
