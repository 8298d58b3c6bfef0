// .amlignore: the rules, and after a NUL the path they are asked about.
#include <algorithm>

#include "reconcilers/ignore_rules.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

/// A rule for this path alone.
std::string quoted(std::string_view path) {
  std::string text = "/";
  for (char const c : path) {
    if (std::string_view("*?[\\ ").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

void ignore_rules(std::string_view input) {
  std::size_t const nul = std::min(input.find('\0'), input.size());
  std::string_view const rules = input.substr(0, nul);
  std::string_view const path = input.substr(std::min(nul + 1, input.size()));
  if (path.empty() || path.starts_with('/') || path.ends_with('/') ||
      path.find_first_of("\n\r") != std::string_view::npos)
    return;  // is asked of nobody
  reconcilers::IgnoreRules ignore;
  ignore.add(rules);
  bool const file = ignore.ignores(path, false), folder = ignore.ignores(path, true);
  reconcilers::IgnoreRules again;
  again.add(rules);
  again.add("# a comment, and nothing\n\n");
  require(again.ignores(path, false) == file && again.ignores(path, true) == folder,
          "the same rules say the same", path);
  std::string const own = quoted(path);
  again.add(own + "\n");
  require(again.ignores(path, false) && again.ignores(path, true), "the last rule wins", own);
  again.add("!" + own);
  require(!again.ignores(path, false) && !again.ignores(path, true), "what is taken back is not ignored",
          own);
}

}  // namespace trainyard::fuzz
