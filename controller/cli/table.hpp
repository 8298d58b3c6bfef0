// Objects as rows for people: what, state, progress, age.
#pragma once

#include <string>
#include <vector>

#include "controller/base/object_store.hpp"

namespace trainyard::cli {

struct Row {
  std::string kind, name;  // "trainingrun", "fit-local"
  std::string ready;       // True, False, Unknown
  std::string state;       // the kind's own word: Available, Succeeded, Running ...
  std::string progress;    // nodes, metrics, or why it is not ready
  std::string age;
  bool bad = false;        // stuck: somebody must act
  bool operator==(Row const&) const = default;
};
Row row_of(StoredObject const& object, WallTime now);

/// Columns padded to their widest cell; the last one is cut so that no line is wider than `width` (0: no limit).
std::string table_of(std::vector<std::string> const& head, std::vector<std::vector<std::string>> const& lines, std::size_t width);

/// The object as an API server would print it (kind, metadata, spec, status), for -o json and -o yaml.
Json document_of(StoredObject const& object);

/// What `describe` prints.
std::string describe(StoredObject const& object, std::vector<StoredEvent> const& events, WallTime now);

}  // namespace trainyard::cli
