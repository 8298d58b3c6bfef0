// A folder of this process alone, that goes with the object.
#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

namespace trainyard::git {

class Scratch {
 public:
  /// `prefix` is its name below `folder`, to which six characters are added.
  Scratch(std::filesystem::path const& folder, std::string const& prefix) {
    std::string name = (folder / (prefix + "XXXXXX")).string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  /// Empty if it could not be made; errno says why.
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace trainyard::git
