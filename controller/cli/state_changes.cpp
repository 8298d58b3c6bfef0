#include "controller/cli/state_changes.hpp"

#include <algorithm>
#include <array>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace trainyard::cli {

namespace {

constexpr std::uint32_t kMask = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR;
constexpr Duration kLookAnyway = std::chrono::seconds(5);

}  // namespace

StateChanges::StateChanges(std::filesystem::path const& folder, Clock const& clock)
    : clock_(clock), events_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  also(folder);
}

void StateChanges::also(std::filesystem::path const& folder) {
  ::inotify_add_watch(events_.get(), folder.c_str(), kMask);  // if it fails, kLookAnyway stands in
}

void StateChanges::wait(SteadyTime until) {
  Duration const left = std::clamp(until - clock_.steady(), Duration(0), kLookAnyway);
  pollfd waited{events_.get(), POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(left.count()) + 1) <= 0) return;
  std::array<char, 4096> drained{};
  while (::read(events_.get(), drained.data(), drained.size()) > 0) {
  }
}

}  // namespace trainyard::cli
