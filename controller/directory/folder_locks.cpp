#include "controller/directory/folder_locks.hpp"

#include <cerrno>
#include <sstream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace trainyard::directory {

namespace {

Error taken(std::filesystem::path const& path, std::string const& pid) {
  std::string const who = pid.empty() ? "another process" : "process " + pid;
  return {.kind = ErrorKind::Conflict,
          .reason = "FolderInUse",
          .message = path.string() + " is in use by " + who +
                     ": only one trainyard may run on it; stop that one first"};
}

/// The process the kernel says holds a flock on that file; "" if it does not say.
std::string holder_of(int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return {};
  // A line: "12: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF"; the number before the range is the inode's.
  Result<FileText> const table = read_file("/proc/locks");
  if (!table) return {};
  std::istringstream lines(table->text);
  std::string const inode = ":" + std::to_string(facts.st_ino);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, type, mode, access, pid, place;
    words >> number >> type >> mode >> access >> pid >> place;
    if (type == "FLOCK" && place.ends_with(inode)) return pid;
  }
  return {};
}

std::string text_in(int file) {
  char text[32] = {};
  ssize_t const got = ::pread(file, text, sizeof(text) - 1, 0);
  std::string pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  return pid.substr(0, pid.find('\n'));
}

}  // namespace

Result<FolderLocks> FolderLocks::take(DirectoryOptions const& options, Logger const& log) {
  Result<Fd> state = open_file(options.state / "lock", O_RDWR | O_CREAT, 0600);
  if (!state) return state.error();
  if (::flock(state->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return taken(options.state, text_in(state->get()));
    return file_error(errno, "locking", options.state / "lock");
  }
  std::string const pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(state->get(), 0) != 0 ||
      ::pwrite(state->get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return file_error(errno, "writing", options.state / "lock");

  Result<Fd> directory = open_file(options.directory, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return taken(options.directory, holder_of(directory->get()));
    // Network file systems lock files only; the state's lock still holds.
    log.warning("the folder of manifests cannot be locked here: start no second operator on it",
                {{"directory", options.directory.string()}});
  }
  return FolderLocks(*std::move(state), *std::move(directory));
}

}  // namespace trainyard::directory
