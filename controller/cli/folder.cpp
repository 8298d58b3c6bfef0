#include "controller/cli/folder.hpp"

#include <algorithm>
#include <cctype>
#include <iostream>

#include "controller/manager/documents.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

directory::DirectoryOptions folder_of(Parsed const& parsed) {
  directory::DirectoryOptions options{.directory = parsed.get("directory", "."),
                                      .recursive = parsed.has("recursive")};
  options.state =
      parsed.has("state") ? std::filesystem::path(parsed.get("state")) : options.directory / ".trainyard";
  if (parsed.has("secrets")) options.secrets = parsed.get("secrets");
  return options;
}

std::string folder_flags(Parsed const& parsed) {
  std::string text;
  for (char const* flag : {"directory", "state"})
    if (parsed.has(flag)) text += std::string(" --") + flag + " " + parsed.get(flag);
  return text;
}

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// As kubectl takes it too: with the group, "trainingruns.trainyard.dev" or "....v1alpha1.trainyard.dev".
manifests::Kind const* kind_named(std::string_view word) {
  std::size_t const dot = word.find('.');
  std::string const group(manifests::kGroupVersion.substr(0, manifests::kGroupVersion.find('/')));
  std::string const version(manifests::kGroupVersion.substr(group.size() + 1));
  if (dot != std::string_view::npos) {
    std::string_view const rest = word.substr(dot + 1);
    if (rest != group && rest != version + "." + group) return nullptr;
  }
  std::string const name = lower_case(word.substr(0, dot));
  return manifests::find_kind(name == "run" || name == "runs" ? "trainingrun" : name);
}

}  // namespace

Result<Wanted> parse_wanted(std::string_view word) {
  std::size_t const slash = word.find('/');
  manifests::Kind const* const kind = kind_named(word.substr(0, slash));
  if (kind == nullptr) {
    std::string known;
    for (manifests::Kind const& each : manifests::kinds())
      known +=
          (known.empty() ? "" : ", ") + std::string(each.plural) + " (" + std::string(each.short_name) + ")";
    return usage_error("'" + std::string(word.substr(0, slash)) + "' is no kind; the kinds are " + known);
  }
  Wanted wanted{.kind = std::string(kind->kind)};
  if (slash == std::string_view::npos) return wanted;
  wanted.name = word.substr(slash + 1);
  if (wanted.name.empty() || wanted.name.find('/') != std::string::npos)
    return usage_error("'" + std::string(word) +
                       "' names no object; write KIND/NAME, such as trainingrun/fit-local");
  return wanted;
}

Result<ObjectKey> parse_key(std::string_view word, std::string const& ns) {
  Result<Wanted> const wanted = parse_wanted(word);
  if (!wanted) return wanted.error();
  if (wanted->name.empty())
    return usage_error("'" + std::string(word) +
                       "' names no object; write KIND/NAME, such as trainingrun/fit-local");
  return ObjectKey{wanted->kind, ns, wanted->name};
}

std::string short_name(ObjectKey const& key) { return lower_case(key.kind) + "/" + key.name; }

Result<FolderReader> FolderReader::open(Parsed const& parsed) {
  FolderReader folder;
  Result<std::unique_ptr<directory::DirectoryReader>> reader = directory::DirectoryReader::open(
      folder_of(parsed), manager::document_reader(), folder.parts_->clock, folder.parts_->scrubber);
  if (!reader) return reader.error();
  folder.reader_ = *std::move(reader);
  return folder;
}

Result<ObjectPtr> FolderReader::find(ObjectKey const& key) const {
  Result<ObjectPtr> object = reader_->get(key);
  if (object && !*object)
    return Error{
        .kind = ErrorKind::NotFound,
        .reason = "ObjectNotFound",
        .message = short_name(key) + " is not there (namespace " + key.ns + "); trainyard get shows what is"};
  return object;
}

int fail(Error const& error) {
  std::cerr << "trainyard: " << error.message << "\n";
  return error.reason == "Usage" ? kExitUsage : kExitFailed;
}

Error usage_error(std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = "Usage", .message = std::move(message)};
}

}  // namespace trainyard::cli
