#include "controller/directory/directory_watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "controller/directory/manifest_folder.hpp"

namespace trainyard::directory {

namespace {

// Not IN_MODIFY: a file counts when its writer has closed it. IN_CREATE is for links, IN_ATTRIB for chmod.
constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::size_t kMostFolders = 1000;
constexpr int kDeepest = 64;

}  // namespace

DirectoryWatch::DirectoryWatch(DirectoryOptions options, Logger const& log, Fd events, Fd wakeup)
    : options_(std::move(options)), log_(log), events_(std::move(events)), wakeup_(std::move(wakeup)) {}

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::open(DirectoryOptions options, Logger const& log) {
  Fd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (events.get() < 0) return file_error(errno, "watching the folder", options.directory);
  Fd wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wakeup.get() < 0) return file_error(errno, "watching the folder", options.directory);
  std::unique_ptr<DirectoryWatch> watch(
      new DirectoryWatch(std::move(options), log, std::move(events), std::move(wakeup)));
  watch->watch_all();
  bool root = false;
  for (auto const& [number, folder] : watch->folders_) root = root || folder.role == Role::Root;
  if (!root)
    return Error{
        .kind = ErrorKind::Transient,
        .reason = "FolderNotWatched",
        .message = "changes below " + watch->options_.directory.string() +
                   " cannot be watched: is it there, and is the system's limit of inotify watches reached "
                   "(sysctl fs.inotify.max_user_watches)?"};
  return watch;
}

bool DirectoryWatch::watch(std::map<int, Folder>& watched, std::filesystem::path const& path, Role role) {
  bool const full = watched.size() >= kMostFolders;
  int const number = full ? -1 : ::inotify_add_watch(events_.get(), path.c_str(), kMask);
  if (number >= 0) {
    watched.try_emplace(number, Folder{path, role});
    return true;
  }
  if ((full || errno == ENOSPC) && !told_of_limit_) {
    told_of_limit_ = true;
    log_.warning("too many folders to watch: changes in the others are not noticed at once",
                 {{"folder", path.string()}, {"watched", static_cast<std::int64_t>(watched.size())}});
  }
  return false;
}

void DirectoryWatch::watch_below(std::map<int, Folder>& watched, std::filesystem::path const& path, Role role,
                                 int depth) {
  if (!watch(watched, path, role) || depth == kDeepest) return;
  std::error_code error;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    bool const folder = it->symlink_status(gone).type() == std::filesystem::file_type::directory;
    if (!folder) continue;
    if (role == Role::Secrets)
      watch_below(watched, it->path(), role, kDeepest);
    else if (!is_skipped_folder(options_, it->path()))
      watch_below(watched, it->path(), Role::Sub, depth + 1);
  }
}

void DirectoryWatch::watch_all() {
  std::map<int, Folder> watched;
  watch(watched, options_.state, Role::State);
  if (options_.secrets) watch_below(watched, *options_.secrets, Role::Secrets, 0);
  watch_below(watched, options_.directory, Role::Root, 0);
  for (auto const& [number, folder] : folders_)
    if (!watched.contains(number)) ::inotify_rm_watch(events_.get(), number);  // moved away or gone
  folders_ = std::move(watched);
}

void DirectoryWatch::judge(int watched, std::uint32_t mask, std::string_view name, FolderChange& change,
                           bool& folders_changed) const {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    change = {true, true};
    folders_changed = true;
    return;
  }
  auto const found = folders_.find(watched);
  if (found == folders_.end() || (mask & IN_IGNORED) != 0) return;
  Folder const& folder = found->second;
  bool const is_folder = (mask & (IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
  switch (folder.role) {
    case Role::State:
      change.manifests = change.manifests || name == "wake";
      return;
    case Role::Secrets:
      change.manifests = true;
      folders_changed = folders_changed || is_folder;
      return;
    case Role::Root:
    case Role::Sub:
      break;
  }
  // Volumes of a cluster swap all their files at once by renaming a hidden link.
  if (name == "..data") change.manifests = change.sources = true;
  if (name.starts_with('.') || name == "__pycache__") return;
  bool const own_folder = is_folder && !name.empty() && is_skipped_folder(options_, folder.path / name);
  if (own_folder) return;
  folders_changed = folders_changed || is_folder;
  bool const may_hold_manifests = folder.role == Role::Root || options_.recursive;
  bool const manifest = may_hold_manifests && is_manifest_name(name);
  if (manifest || (is_folder && (options_.recursive || name.empty()))) change.manifests = true;
  if (!manifest || folder.role == Role::Sub) change.sources = true;
}

FolderChange DirectoryWatch::read_events() {
  FolderChange change;
  bool folders_changed = false;
  alignas(inotify_event) std::array<char, 1 << 16> buffer;
  while (true) {
    ssize_t const got = ::read(events_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    for (ssize_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      char const* name = buffer.data() + at + sizeof(event);
      judge(event.wd, event.mask, event.len == 0 ? "" : std::string_view(name), change, folders_changed);
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
  if (folders_changed) watch_all();
  return change;
}

void DirectoryWatch::run(std::function<void(FolderChange)> const& changed, std::stop_token const& stop) {
  std::uint64_t earlier = 0;
  [[maybe_unused]] ssize_t const drained =
      ::read(wakeup_.get(), &earlier, sizeof(earlier));  // of an earlier run
  std::stop_callback const wake(stop, [this] {
    std::uint64_t const one = 1;
    [[maybe_unused]] ssize_t const written =
        ::write(wakeup_.get(), &one, sizeof(one));  // fails only if it is set
  });
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> waited{{{events_.get(), POLLIN, 0}, {wakeup_.get(), POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) {
      log_.error("the watch of the folder ended", {{"error", std::strerror(errno)}});
      return;
    }
    if (stop.stop_requested()) return;
    FolderChange const change = read_events();
    if (change.manifests || change.sources) changed(change);
  }
}

}  // namespace trainyard::directory
