// A text that comes in pieces, cut into lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace trainyard {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  void add(std::string_view bytes) { text_ += bytes; }
  /// The next line without its "\n"; nothing if it is not whole yet, or too long.
  std::optional<std::string> next();
  [[nodiscard]] bool too_long() const { return too_long_; }
  /// Whether a line has begun that is not whole.
  [[nodiscard]] bool within_line() const { return begin_ < text_.size(); }

 private:
  std::size_t longest_;
  std::string text_;
  std::size_t begin_ = 0;     // of the line that comes next
  std::size_t searched_ = 0;  // no line ends between begin_ and here
  bool too_long_ = false;
};

}  // namespace trainyard
