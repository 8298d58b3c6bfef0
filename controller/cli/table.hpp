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
  bool bad = false;  // stuck: somebody must act
  bool operator==(Row const&) const = default;
};
Row row_of(StoredObject const& object, WallTime now);

/// Columns padded to their widest cell; no line is wider than `width` (0: no limit), what is cut ends in '~'.
std::string table_of(std::vector<std::string> const& head, std::vector<std::vector<std::string>> const& lines,
                     std::size_t width);
std::string table_of(std::vector<Row> const& rows, std::size_t width);
/// What `get -o wide` prints: also the namespace, the generation, and where the object was declared and is
/// found.
std::string wide_table_of(std::vector<ObjectPtr> const& objects, WallTime now);

/// "accuracy=0.98 loss=0.05"; `digits` that count of each value.
std::string metrics_text(Json const& metrics, int digits);

/// The object as an API server would print it (kind, metadata, spec, status), for -o json and -o yaml.
Json document_of(StoredObject const& object);

}  // namespace trainyard::cli
