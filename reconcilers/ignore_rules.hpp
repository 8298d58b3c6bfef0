// What a .gitignore says, and an .amlignore, which has the same form.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace trainyard::reconcilers {

/// In the root of a source; the first that is there counts alone.
inline constexpr std::array<std::string_view, 2> kIgnoreFiles{".amlignore", ".gitignore"};

class IgnoreRules {
 public:
  /// With what no source needs: git's folder, Python's caches, our own state.
  static IgnoreRules of_a_source();
  /// Adds the rules of a file's text; later rules win. A pattern that makes no sense matches nothing, as in
  /// git.
  void add(std::string_view text);
  /// The path is relative to the file's folder, with '/' and neither at its end nor its beginning. As in git,
  /// what is in an ignored folder is ignored whatever the rules say of it: so whoever walks does not enter.
  [[nodiscard]] bool ignores(std::string_view path, bool is_folder) const;

 private:
  struct Rule {
    std::string pattern;
    bool takes_back, folders_only, whole_path;  // "!", "/" at the end, "/" elsewhere
  };
  std::vector<Rule> rules_;
};

}  // namespace trainyard::reconcilers
