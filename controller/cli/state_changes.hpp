// Sleeps until somebody has written to a folder, for commands that wait beside the operator (inotify).
#pragma once

#include <filesystem>

#include "controller/base/clock.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::cli {

class StateChanges {
 public:
  /// What changes there from now on ends a wait(). The clock must outlive this.
  StateChanges(std::filesystem::path const& folder, Clock const& clock);
  /// A further folder.
  void also(std::filesystem::path const& folder);
  /// Returns after a change, at `until`, or after some seconds all the same: file systems of a network tell
  /// nothing.
  void wait(SteadyTime until);

 private:
  Clock const& clock_;
  Fd events_;
};

}  // namespace trainyard::cli
