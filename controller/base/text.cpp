#include "controller/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace trainyard {

namespace {

/// Length of the UTF-8 character at the start of the text, 0 if there is none. Source: Unicode, table 3-7.
std::size_t character_at(std::string_view text) {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  std::size_t const size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned const least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned const most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  return size;
}

}  // namespace

std::string readable(std::string_view bytes, std::size_t most_bytes) {
  std::string text;
  while (!bytes.empty() && text.size() < most_bytes) {
    std::size_t const size = character_at(bytes);
    unsigned char const first = static_cast<unsigned char>(bytes.front());
    if (size == 0)
      text += "\xEF\xBF\xBD";
    else if (first == '\t' || first == '\n' || (first >= 0x20 && first != 0x7F))
      text += bytes.substr(0, size);
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

std::string without_controls(std::string text) {
  std::erase_if(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  return text;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
      ' ');
  return line;
}

std::vector<std::string> last_lines(std::string_view log, std::size_t most_lines,
                                    std::size_t most_line_bytes) {
  std::string_view rest = log;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  std::vector<std::string> lines;
  while (!rest.empty() && lines.size() < most_lines) {
    std::size_t const before = rest.rfind('\n');
    std::string_view line = before == std::string_view::npos ? rest : rest.substr(before + 1);
    rest = before == std::string_view::npos ? std::string_view() : rest.substr(0, before);
    while (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(readable(line.substr(line.rfind('\r') + 1), most_line_bytes));  // npos + 1 is 0
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string with_remedy(std::string_view wrong, std::string_view remedy) {
  if (wrong.ends_with('.')) wrong.remove_suffix(1);
  return std::string(wrong) + "; " + std::string(remedy);
}

std::string short_number(double value, int digits) {
  std::array<char, 64> text{};
  int const size = std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return {text.data(), static_cast<std::size_t>(std::clamp<int>(size, 0, text.size() - 1))};
}

}  // namespace trainyard
