// A folder of manifests and one of runs, in a fresh temporary folder.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <boost/test/unit_test.hpp>
#include <poll.h>

#include "controller/local/process_runner.hpp"

namespace trainyard::local {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "trainyard-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempFolder(TempFolder const&) = delete;
  TempFolder& operator=(TempFolder const&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  void write(std::string const& name, std::string const& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  void link(std::string const& target, std::string const& name) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::filesystem::create_symlink(target, path_ / name);
  }

 private:
  std::filesystem::path path_;
};

/// Whether it became true within a minute: other processes are waited for, which tell nobody.
inline bool eventually(std::function<bool()> const& happened) {
  for (int i = 0; i < 6000; ++i) {
    if (happened()) return true;
    ::poll(nullptr, 0, 10);
  }
  return false;
}

}  // namespace trainyard::local
