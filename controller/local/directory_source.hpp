// Sources in a folder of manifests: what spec.source.directory names, resolved beneath the manifests' root
// whatever links say (design, rule 25).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "reconcilers/source.hpp"

namespace trainyard::local {

struct DirectorySourceOptions {
  std::filesystem::path root;  // of the manifests
  // Azure ML's limits of a snapshot. Source: its documentation, "Where to save & write experiment files".
  std::int64_t max_bytes = std::int64_t{300} * 1024 * 1024;
  std::size_t max_files = 2000;
};

/// Safe from any thread. Left out are what .amlignore, else .gitignore, in the source says, and `.git` and
/// `__pycache__` unless that file says otherwise.
struct DirectorySources : reconcilers::SourceReader {
  /// Copies the source into an empty folder, with its executable bits and links. Transient with
  /// reason SourceChanged if what was copied has not that digest.
  virtual Result<Done> copy(reconcilers::SourceRef const& source, std::string const& digest,
                            std::filesystem::path const& to, Context const& context) = 0;
};

/// The clock must outlive it.
std::unique_ptr<DirectorySources> make_directory_sources(DirectorySourceOptions options, Clock const& clock);

}  // namespace trainyard::local
