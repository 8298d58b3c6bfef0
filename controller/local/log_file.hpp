// The log of a run, which may not fill the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "controller/local/files.hpp"

namespace trainyard::local {

/// Holds the last `limit` bytes at least, and twice as many at most: a full file becomes the older one, and
/// the one before that goes. What cannot be written (a full disk) is lost; the run goes on.
class LogFile {
 public:
  LogFile(std::filesystem::path path, std::filesystem::path older, std::int64_t limit);
  void write(std::string_view bytes);

 private:
  void open();

  std::filesystem::path path_, older_;
  std::int64_t limit_, written_ = 0;
  Fd file_;
};

}  // namespace trainyard::local
