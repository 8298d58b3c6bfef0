#include "controller/cli/identity.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "controller/directory/files.hpp"

namespace trainyard::cli {

namespace {

constexpr std::size_t kLength = 36;  // of a UUID

}  // namespace

Result<std::string> identity_of(std::filesystem::path const& state, Random& random) {
  std::filesystem::path const path = state / "identity", fresh = state / "identity.new";
  Result<directory::FileText> const kept = directory::read_file(path);
  if (kept && kept->text.size() == kLength + 1) return kept->text.substr(0, kLength);
  if (kept)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "IdentityDamaged",
                 .message = path.string() +
                            " is damaged; put it back, or remove it: live runs in Azure then count as "
                            "another operator's until they end"};
  if (kept.error().kind != ErrorKind::NotFound) return kept.error();

  std::string const identity = uuid4(random);
  Result<Fd> const file = directory::open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!file) return file.error();
  std::string const text = identity + "\n";
  bool const written = ::write(file->get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(file->get()) == 0 && ::rename(fresh.c_str(), path.c_str()) == 0;
  if (!written) return directory::file_error(errno, "writing", path);
  return identity;
}

}  // namespace trainyard::cli
