#include "controller/directory/manifest_folder.hpp"

#include <algorithm>

#include "controller/base/encoding.hpp"

namespace trainyard::directory {

namespace {

constexpr int kDeepest = 64;

Result<Done> add_paths(DirectoryOptions const& options, std::filesystem::path const& below, int depth,
                       std::vector<std::string>& paths) {
  std::filesystem::path const folder = options.directory / below;
  std::error_code error;
  std::vector<std::filesystem::path> folders;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::string const name = it->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code gone;  // whoever vanishes while we look is skipped
    if (it->symlink_status(gone).type() == std::filesystem::file_type::directory) {
      if (options.recursive && !is_skipped_folder(options, it->path())) folders.push_back(below / name);
    } else if (is_manifest_name(name) && !it->is_directory(gone)) {
      paths.push_back((below / name).string());
    }
  }
  if (error) return file_error(error.value(), "reading the folder", folder);
  if (depth == kDeepest) return Done{};
  for (std::filesystem::path const& sub : folders)
    if (Result<Done> added = add_paths(options, sub, depth + 1, paths); !added) return added;
  return Done{};
}

}  // namespace

bool is_manifest_name(std::string_view name) {
  return !name.starts_with('.') &&
         (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

bool is_skipped_folder(DirectoryOptions const& options, std::filesystem::path const& folder) {
  std::string const name = folder.filename().string();
  return name.starts_with('.') || name == "__pycache__" || same_file(folder, options.state) ||
         (options.secrets && same_file(folder, *options.secrets));
}

Result<std::vector<std::string>> manifest_paths(DirectoryOptions const& options) {
  std::vector<std::string> paths;
  if (Result<Done> added = add_paths(options, {}, 0, paths); !added) return added.error();
  std::sort(paths.begin(), paths.end());
  return paths;
}

ManifestFolder::ManifestFolder(DirectoryOptions const& options, DocumentReader read, Scrubber& scrubber)
    : options_(options), read_(std::move(read)), scrubber_(scrubber) {}

Result<Done> ManifestFolder::refresh(Context const& context) {
  Result<std::vector<std::string>> const paths = manifest_paths(options_);
  if (!paths) return paths.error();
  std::erase_if(files_, [&](auto const& file) {
    return !std::binary_search(paths->begin(), paths->end(), file.first);
  });
  for (std::string const& path : *paths) {
    if (context.stop.stop_requested())
      return Error{
          .kind = ErrorKind::Canceled, .reason = "Stopped", .message = "stopped while reading manifests"};
    look(path);
  }
  return Done{};
}

void ManifestFolder::look(std::string const& path) {
  ManifestFile& known = files_[path];
  Result<FileIdentity> const now = look_at(options_.directory / path);
  if (now && known.settled && known.identity == *now) return;
  Result<FileText> const read = read_file(options_.directory / path);
  if (!read) {
    known = {.problems = {read.error().message}, .complete = false};
    return;
  }
  std::string const digest = sha256(read->text);
  bool const same_rights = known.identity.is_private() == read->identity.is_private();
  known.settled = known.identity == read->identity && known.digest == digest;
  known.identity = read->identity;
  if (known.digest == digest && same_rights) return;

  Declarations declared = read_(path, read->text);
  ManifestFile fresh{.documents = std::move(declared.documents),
                     .problems = std::move(declared.errors),
                     .identity = read->identity,
                     .digest = digest};
  fresh.complete = fresh.problems.empty();
  bool const secrets = std::any_of(declared.ignored.begin(), declared.ignored.end(),
                                   [](auto const& ignored) { return ignored.second == "Secret"; });
  if (secrets) {
    SecretDocuments found = read_secret_documents(path, read->text);
    fresh.problems.insert(fresh.problems.end(), found.errors.begin(), found.errors.end());
    for (SecretDocument const& secret : found.documents) {
      for (auto const& [key, value] : secret.values) scrubber_.add_secret(value);
      // Whether it may be used is part of what others wait to see change.
      fresh.secrets.push_back(
          {{"Secret", secret.ns, secret.name},
           secret.place,
           (read->identity.is_private() ? "usable " : "exposed ") + digest_of(secret.values)});
    }
    if (!read->identity.is_private())
      fresh.problems.push_back(exposed_text(options_.directory / path, mode_text(read->identity)));
  }
  for (std::string& problem : fresh.problems) problem = scrubber_.scrub(problem);
  known = std::move(fresh);
}

}  // namespace trainyard::directory
