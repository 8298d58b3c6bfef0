#include "controller/base/line_splitter.hpp"

namespace trainyard {

std::optional<std::string> LineSplitter::next() {
  std::size_t const found = text_.find('\n', searched_);
  std::size_t const end = found == std::string::npos ? text_.size() : found;
  too_long_ = too_long_ || end - begin_ > longest_;
  if (too_long_) return std::nullopt;
  if (found == std::string::npos) {
    text_.erase(0, begin_);
    begin_ = 0;
    searched_ = text_.size();
    return std::nullopt;
  }
  std::string line = text_.substr(begin_, end - begin_);
  begin_ = searched_ = end + 1;
  return line;
}

}  // namespace trainyard
