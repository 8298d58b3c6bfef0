// What the folder's owner tells the directory store: where things lie, and how to read a document. The store
// knows no kind.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/object_store.hpp"

namespace trainyard::directory {

struct DirectoryOptions {
  std::filesystem::path directory;  // of manifests: its *.yaml, *.yml and *.json, hidden ones left out
  std::filesystem::path state;      // folder of the state file; not the manifests' folder itself
  std::optional<std::filesystem::path> secrets;  // SECRETS/<secret name>/<key>, namespace default
  bool recursive = false;                        // manifests of sub-folders too
};

struct Declaration {
  ObjectKey key;
  Json labels, annotations;  // objects
  Json spec;
  std::string place;  // "FILE:LINE"
};

struct Declarations {
  std::vector<Declaration> documents;  // the good ones
  std::vector<std::pair<std::string, std::string>>
      ignored;                      // place and kind of documents that are not its own
  std::vector<std::string> errors;  // whole sentences, each with its place
};

/// One file's text; `file` is its path below the folder. Must not throw, may be called from any thread.
using DocumentReader = std::function<Declarations(std::string_view file, std::string_view text)>;
/// Why a spec may not become another (immutable fields); empty if it may.
using ChangeCheck =
    std::function<std::vector<std::string>(std::string_view kind, Json const& before, Json const& after)>;

/// What a user should mend in a file; `text` is a whole sentence with its place.
struct Problem {
  std::string file;  // below the folder
  std::string text;
  bool operator==(Problem const&) const = default;
};

inline constexpr std::string_view kProtectAnnotation = "trainyard.dev/protect";

/// Invalid, in words, when the annotation forbids to delete the object.
Result<Done> check_unprotected(StoredObject const& object);
Error still_declared(ObjectKey const& key, std::string_view place);

std::filesystem::path state_file_path(DirectoryOptions const& options);
/// Makes a running operator look at its folder and at the requests in its state file.
Result<Done> wake_operator(DirectoryOptions const& options);

}  // namespace trainyard::directory
