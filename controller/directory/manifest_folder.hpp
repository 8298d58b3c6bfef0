// The folder of manifests as last read: only files that changed are read again.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/directory/documents.hpp"
#include "controller/directory/files.hpp"
#include "controller/directory/secrets.hpp"

namespace trainyard::directory {

/// One file as last read.
struct ManifestFile {
  std::vector<Declaration> documents;
  std::vector<SecretPlace> secrets;
  std::vector<std::string> problems;  // whole sentences
  bool complete = true;               // false: it may declare more than could be read

  FileIdentity identity;
  std::string digest;  // of the text
  bool settled =
      false;  // looked the same twice: a file written twice within one tick of its clock is not missed
};

/// One thread at a time.
class ManifestFolder {
 public:
  ManifestFolder(DirectoryOptions const& options, DocumentReader read, Scrubber& scrubber);

  /// Reads what changed. An Error means that the folder itself could not be read; all stays as it was.
  Result<Done> refresh(Context const& context);
  /// By path below the folder.
  [[nodiscard]] std::map<std::string, ManifestFile> const& files() const { return files_; }

 private:
  void look(std::string const& file);

  DirectoryOptions const& options_;
  DocumentReader read_;
  Scrubber& scrubber_;
  std::map<std::string, ManifestFile> files_;
};

/// Paths below the folder, sorted, of what kubectl would read there. Links to folders are not followed.
Result<std::vector<std::string>> manifest_paths(DirectoryOptions const& options);
bool is_manifest_name(std::string_view name);
/// A sub-folder that holds nothing of the user's: hidden, Python's cache, our own state, the secrets.
bool is_skipped_folder(DirectoryOptions const& options, std::filesystem::path const& folder);

}  // namespace trainyard::directory
