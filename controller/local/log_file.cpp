#include "controller/local/log_file.hpp"

#include <fcntl.h>
#include <stdio.h>

namespace trainyard::local {

LogFile::LogFile(std::filesystem::path path, std::filesystem::path older, std::int64_t limit)
    : path_(std::move(path)), older_(std::move(older)), limit_(limit) {
  open();
}

void LogFile::write(std::string_view bytes) {
  if (written_ >= limit_) {
    ::rename(path_.c_str(), older_.c_str());
    open();
    std::string const note = "trainyard: the log grew beyond " + std::to_string(limit_ >> 20U) +
                             " MiB; what came before is in " + older_.filename().string() +
                             ", and what came before that is gone\n";
    static_cast<void>(write_all(file_, note, path_).has_value());
  }
  static_cast<void>(write_all(file_, bytes, path_).has_value());
  written_ += static_cast<std::int64_t>(bytes.size());
}

void LogFile::open() {
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  written_ = 0;
}

}  // namespace trainyard::local
