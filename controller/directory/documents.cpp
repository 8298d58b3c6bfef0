#include "controller/directory/documents.hpp"

#include <fcntl.h>

#include "controller/directory/files.hpp"

namespace trainyard::directory {

Result<Done> check_unprotected(StoredObject const& object) {
  if (object.annotation(kProtectAnnotation) != "true") return Done{};
  return Error{
      .kind = ErrorKind::Invalid,
      .reason = "Protected",
      .message = to_string(object.key) + " is not deleted: annotation " + std::string(kProtectAnnotation) +
                 " is 'true'; set it to 'false' in its document, and when that is taken in, remove the "
                 "document and delete it again"};
}

Error still_declared(ObjectKey const& key, std::string_view place) {
  return {.kind = ErrorKind::Invalid,
          .reason = "StillDeclared",
          .message = to_string(key) + " is not deleted: it is declared at " + std::string(place) +
                     "; remove it there first"};
}

std::filesystem::path state_file_path(DirectoryOptions const& options) { return options.state / "state.db"; }

Result<Done> wake_operator(DirectoryOptions const& options) {
  // Closing a file that was open for writing is what the watch waits for; nothing need be written.
  Result<Fd> const file = open_file(options.state / "wake", O_WRONLY | O_CREAT, 0600);
  if (!file) return file.error();
  return Done{};
}

}  // namespace trainyard::directory
