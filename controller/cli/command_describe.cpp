#include <iostream>

#include "controller/cli/commands.hpp"
#include "controller/cli/describe.hpp"
#include "controller/cli/folder.hpp"

namespace trainyard::cli {

int describe_object(Parsed const& parsed) {
  Result<ObjectKey> const key = parse_key(parsed.words().front(), parsed.get("namespace", "default"));
  if (!key) return fail(key.error());
  Result<FolderReader> const folder = FolderReader::open(parsed);
  if (!folder) return fail(folder.error());
  Result<ObjectPtr> const object = folder->find(*key);
  if (!object) return fail(object.error());
  Result<std::vector<StoredEvent>> const events = folder->objects().events(*key);
  if (!events) return fail(events.error());
  std::cout << describe(**object, *events, folder->now());
  return kExitOk;
}

}  // namespace trainyard::cli
