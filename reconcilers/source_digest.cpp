#include "reconcilers/source_digest.hpp"

#include "controller/base/encoding.hpp"

namespace trainyard::reconcilers {

namespace {

std::string_view word_for(DigestedEntry::Kind kind) {
  switch (kind) {
    case DigestedEntry::Kind::File:
      return "file";
    case DigestedEntry::Kind::Executable:
      return "executable";
    case DigestedEntry::Kind::Link:
      return "link";
    case DigestedEntry::Kind::FolderLink:
      return "folder link";
  }
  return "";
}

}  // namespace

std::string source_digest(std::vector<DigestedEntry> const& entries) {
  std::vector<std::string_view> parts{"trainyard source 1"};
  for (DigestedEntry const& entry : entries)
    parts.insert(parts.end(), {entry.path, word_for(entry.kind), entry.content});
  return hex(sha256_of_parts(parts));
}

}  // namespace trainyard::reconcilers
