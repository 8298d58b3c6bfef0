// Source: gitignore(5), and git's wildmatch for what that leaves open.
#include "reconcilers/ignore_rules.hpp"

#include <array>
#include <cctype>
#include <optional>

namespace trainyard::reconcilers {

namespace {

using CharTest = int (*)(int);
struct NamedClass {
  std::string_view name;
  CharTest test;
};
constexpr std::array kNamedClasses{NamedClass{"alnum", std::isalnum}, NamedClass{"alpha", std::isalpha},
                                   NamedClass{"blank", std::isblank}, NamedClass{"cntrl", std::iscntrl},
                                   NamedClass{"digit", std::isdigit}, NamedClass{"graph", std::isgraph},
                                   NamedClass{"lower", std::islower}, NamedClass{"print", std::isprint},
                                   NamedClass{"punct", std::ispunct}, NamedClass{"space", std::isspace},
                                   NamedClass{"upper", std::isupper}, NamedClass{"xdigit", std::isxdigit}};

/// One pattern against one path. What did not match from a pair of places is remembered, so that no pattern
/// takes longer than the product of both lengths.
class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view text)
      : pattern_(pattern), text_(text), failed_((pattern.size() + 1) * (text.size() + 1)) {}

  bool matches(std::size_t p = 0, std::size_t t = 0) {
    std::size_t const place = p * (text_.size() + 1) + t;
    if (failed_[place]) return false;
    bool const found = try_match(p, t);
    failed_[place] = !found;
    return found;
  }

 private:
  bool try_match(std::size_t p, std::size_t t) {
    if (p == pattern_.size()) return t == text_.size();
    char const c = pattern_[p];
    if (c == '*') return match_stars(p, t);
    if (t == text_.size()) return false;
    if (c == '?') return text_[t] != '/' && matches(p + 1, t + 1);
    if (c == '[') {
      std::optional<std::size_t> const end = match_class(p, text_[t]);
      return end && matches(*end, t + 1);
    }
    if (c == '\\' && ++p == pattern_.size()) return false;
    return pattern_[p] == text_[t] && matches(p + 1, t + 1);
  }

  bool match_stars(std::size_t p, std::size_t t) {
    std::size_t end = pattern_.find_first_not_of('*', p);
    if (end == std::string_view::npos) end = pattern_.size();
    bool const opens = p == 0 || pattern_[p - 1] == '/';
    if (end - p == 2 && opens && end == pattern_.size()) return t < text_.size();  // "a/**": all that is in a
    if (end - p == 2 && opens && pattern_[end] == '/') return match_folders(end + 1, t);
    return matches(end, t) || (t < text_.size() && text_[t] != '/' && matches(p, t + 1));
  }

  /// "**/": any number of folders, also none. `p` is behind it.
  bool match_folders(std::size_t p, std::size_t t) {
    while (true) {
      if (matches(p, t)) return true;
      t = text_.find('/', t);
      if (t == std::string_view::npos) return false;
      ++t;
    }
  }

  /// Where the pattern goes on behind the class that begins at `p`, if the class has the character.
  [[nodiscard]] std::optional<std::size_t> match_class(std::size_t p, char c) const {
    bool const negated = p + 1 < pattern_.size() && (pattern_[p + 1] == '!' || pattern_[p + 1] == '^');
    std::size_t const first = p + (negated ? 2 : 1);
    bool found = false;
    for (std::size_t at = first; at < pattern_.size(); ++at) {
      if (pattern_[at] == ']' && at > first)
        return found != negated && c != '/' ? std::optional(at + 1) : std::nullopt;
      if (pattern_.substr(at, 2) == "[:") {
        std::size_t const end = pattern_.find(":]", at + 2);
        if (end == std::string_view::npos) return std::nullopt;
        found = found || in_named_class(pattern_.substr(at + 2, end - at - 2), c);
        at = end + 1;
        continue;
      }
      std::optional<char> const low = class_char(at);
      if (!low) return std::nullopt;
      std::optional<char> high = low;
      if (at + 2 < pattern_.size() && pattern_[at + 1] == '-' && pattern_[at + 2] != ']') {
        at += 2;
        high = class_char(at);
        if (!high) return std::nullopt;
      }
      auto const byte = [](char value) { return static_cast<unsigned char>(value); };
      found = found || (byte(*low) <= byte(c) && byte(c) <= byte(*high));
    }
    return std::nullopt;  // no end: matches nothing
  }

  /// The character at `at`, which moves to the last byte read.
  [[nodiscard]] std::optional<char> class_char(std::size_t& at) const {
    if (pattern_[at] == '\\' && ++at == pattern_.size()) return std::nullopt;
    return pattern_[at];
  }

  static bool in_named_class(std::string_view name, char c) {
    for (NamedClass const& known : kNamedClasses)
      if (known.name == name) return known.test(static_cast<unsigned char>(c)) != 0;
    return false;
  }

  std::string_view pattern_, text_;
  std::vector<bool> failed_;
};

/// Blanks at the end do not count unless a backslash stands before them.
std::string_view without_blanks(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == ' ') continue;
    if (line[at] == '\\') ++at;
    end = at + 1;
  }
  return line.substr(0, end);
}

}  // namespace

IgnoreRules IgnoreRules::of_a_source() {
  IgnoreRules rules;
  rules.add(".git\n__pycache__/\n.trainyard/\n");
  return rules;
}

void IgnoreRules::add(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    std::size_t const end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = without_blanks(line);
    if (line.starts_with('#')) continue;
    bool const takes_back = line.starts_with('!');
    if (takes_back) line.remove_prefix(1);
    bool const folders_only = line.ends_with('/');
    if (folders_only) line.remove_suffix(1);
    bool const whole_path = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (!line.empty()) rules_.push_back({std::string(line), takes_back, folders_only, whole_path});
  }
}

bool IgnoreRules::ignores(std::string_view path, bool is_folder) const {
  std::string_view const name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if ((is_folder || !rule->folders_only) &&
        Matcher(rule->pattern, rule->whole_path ? path : name).matches())
      return !rule->takes_back;
  return false;
}

}  // namespace trainyard::reconcilers
