#include <iostream>

#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"

namespace trainyard::cli {

int delete_object(Parsed const& parsed) {
  Result<ObjectKey> const key = parse_key(parsed.words().front(), parsed.get("namespace", "default"));
  if (!key) return fail(key.error());
  Result<FolderReader> const folder = FolderReader::open(parsed);
  if (!folder) return fail(folder.error());
  if (Result<ObjectPtr> const object = folder->find(*key); !object) return fail(object.error());
  if (Result<Done> const asked = folder->objects().request_delete(*key); !asked) return fail(asked.error());
  std::cout << short_name(*key) << ": deletion is asked for; the operator does it now, or when it runs next\n"
            << "wait for it: trainyard wait " << short_name(*key) << " --for=delete" << folder_flags(parsed)
            << "\n";
  return kExitOk;
}

}  // namespace trainyard::cli
