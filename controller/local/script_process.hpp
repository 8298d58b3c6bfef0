// The process of a run's script, as its supervisor has it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "controller/local/files.hpp"

namespace trainyard::local {

struct ScriptCommand {
  std::vector<std::string> words;        // the program's path or its name on PATH, and its arguments
  std::vector<std::string> environment;  // NAME=value, all that it sees
  std::filesystem::path folder;
};

/// In its own process group; dies with the thread that started it. Not waited for by the destructor.
class ScriptProcess {
 public:
  /// Invalid, in words for the log, if the program is not there.
  static Result<ScriptProcess> start(ScriptCommand command);
  [[nodiscard]] Fd const& output() const { return output_; }  // both of its streams; does not block
  [[nodiscard]] Fd const& handle() const { return handle_; }  // readable when it has ended
  /// To all of its group. Its leader has not been waited for, so the id is still its own.
  void signal(int number) const;
  /// Once it has ended: kills what it left in its group, and tells the exit code or 128 + signal.
  int finish();

 private:
  ScriptProcess() = default;

  pid_t process_ = 0;
  Fd output_, handle_;
};

}  // namespace trainyard::local
