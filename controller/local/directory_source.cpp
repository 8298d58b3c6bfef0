#include "controller/local/directory_source.hpp"

#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "controller/base/encoding.hpp"
#include "controller/local/source_tree.hpp"
#include "reconcilers/source_digest.hpp"

namespace trainyard::local {

namespace {

using reconcilers::DigestedEntry;
using reconcilers::SourceFile;
using reconcilers::SourceInfo;
using reconcilers::SourceRef;
using Kind = SourceEntry::Kind;
using Sink = std::function<Result<Done>(std::string_view)>;
using ContentDigests = std::map<std::string, std::string, std::less<>>;  // by path, 32 raw bytes

/// A file written this recently may be written again without its times showing it.
constexpr std::int64_t kRecently = 2'000'000'000;  // nanoseconds
constexpr std::size_t kNamesTold = 3;

/// Where "sub/quickstart.yaml:12" has `directory`, below the root.
std::string path_below_root(SourceRef const& source) {
  if (!source.git.url.empty()) return source.directory;  // of a checkout: nothing declared is beside it
  std::string const file = source.declared_in.substr(0, source.declared_in.rfind(':'));
  std::filesystem::path const path = std::filesystem::path(file).parent_path() / source.directory;
  return path.empty() ? "." : path.string();
}

std::string words_for(SourceRef const& source) {
  if (!source.config_map.empty())
    return "spec.source.configMap '" + source.config_map + "' of " + source.declared_in;
  if (!source.git.url.empty()) return "spec.source.git '" + source.git.url + "' of " + source.declared_in;
  return "spec.source.directory '" + source.directory + "' of " + source.declared_in;
}

std::string names(std::vector<std::string> const& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < kNamesTold; ++i) text += (i > 0 ? ", " : "") + paths[i];
  if (paths.size() > kNamesTold) text += " and " + std::to_string(paths.size() - kNamesTold) + " more";
  return text;
}

DigestedEntry::Kind digested_kind(SourceEntry const& entry) {
  if (entry.kind == Kind::FolderLink) return DigestedEntry::Kind::FolderLink;
  if (entry.kind == Kind::Link) return DigestedEntry::Kind::Link;
  return entry.executable ? DigestedEntry::Kind::Executable : DigestedEntry::Kind::File;
}

/// What a link leads to is digested at its own path; through a FolderLink nothing new is reached.
std::string digest_of(SourceTree const& tree, ContentDigests const& contents) {
  std::vector<DigestedEntry> entries;
  for (SourceEntry const& entry : tree.entries)
    if (!entry.through_link)
      entries.push_back({.path = entry.path,
                         .kind = digested_kind(entry),
                         .content = entry.kind == Kind::File ? contents.at(entry.path) : entry.target});
  return reconcilers::source_digest(entries);
}

std::vector<std::string> warnings_for(SourceTree const& tree) {
  std::vector<std::string> links, executables, warnings;
  for (SourceEntry const& entry : tree.entries) {
    if (entry.kind != Kind::File)
      links.push_back(entry.path);
    else if (entry.executable && !entry.through_link)
      executables.push_back(entry.path);
  }
  if (!links.empty()) warnings.push_back("links become copies of what they lead to: " + names(links));
  if (!executables.empty()) warnings.push_back("executable bits are lost: " + names(executables));
  if (!tree.left_out.empty())
    warnings.push_back("left out, being neither file nor folder nor link: " + names(tree.left_out));
  return warnings;
}

/// What was read of a file, and which file that was.
struct Content {
  std::string digest;
  FileIdentity before, after;
};

Result<Content> read_entry(SourceTree const& tree, SourceEntry const& entry, std::int64_t most_bytes,
                           Sink const& sink) {
  Fd const file = open_beneath(tree.root.get(), entry.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0) {
    bool const gone = errno == ENOENT || errno == ENOTDIR || errno == EXDEV || errno == ELOOP;
    return Error{.kind = gone ? ErrorKind::Transient : ErrorKind::Invalid,
                 .reason = gone ? "SourceChanging" : "SourceUnreadable",
                 .message = file_error(errno, "reading", entry.path).message +
                            (gone ? "" : "; give the operator the right to, or list it in .amlignore")};
  }
  Content content{.digest = {}, .before = identity_of(facts), .after = {}};
  Sha256 digest;
  std::int64_t bytes = 0;
  Result<Done> const read = read_all(file, entry.path, [&](std::string_view piece) -> Result<Done> {
    bytes += static_cast<std::int64_t>(piece.size());
    if (bytes > most_bytes)
      return Error{.kind = ErrorKind::Transient,
                   .reason = "SourceChanging",
                   .message = "the source changed while it was read: " + entry.path + " grows"};
    digest.add(piece);
    return sink(piece);
  });
  if (!read) return read.error();
  if (::fstat(file.get(), &facts) != 0) return file_error(errno, "reading", entry.path);
  content.digest = digest.finish();
  content.after = identity_of(facts);
  return content;
}

class Directories final : public DirectorySources {
 public:
  Directories(DirectorySourceOptions options, Clock const& clock)
      : options_(std::move(options)), clock_(clock) {}

  Result<SourceInfo> scan(SourceRef const& source, Context const& context) override {
    return told(source, try_scan(source, context));
  }

  Result<std::vector<SourceFile>> read(SourceRef const& source, std::string const& digest,
                                       Context const& context) override {
    return told(source, try_read(source, digest, context));
  }

  Result<Done> copy(SourceRef const& source, std::string const& digest, std::filesystem::path const& to,
                    Context const& context) override {
    return told(source, try_copy(source, digest, to, context));
  }

 private:
  using Known = std::map<std::string, std::pair<FileIdentity, std::string>, std::less<>>;  // digests by path

  template <class T>
  static Result<T> told(SourceRef const& source, Result<T> result) {
    if (result) return result;
    return result.error().while_doing(words_for(source));
  }

  Result<SourceInfo> try_scan(SourceRef const& source, Context const& context) {
    Result<SourceTree> const tree = walk(source, context);
    if (!tree) return tree.error();
    Result<ContentDigests> const contents = digests(path_below_root(source), *tree, context);
    if (!contents) return contents.error();
    SourceInfo info{.digest = digest_of(*tree, *contents),
                    .bytes = tree->bytes,
                    .files = {},
                    .warnings = warnings_for(*tree)};
    for (SourceEntry const& entry : tree->entries)
      if (entry.kind != Kind::FolderLink) info.files.push_back(entry.path);
    return info;
  }

  Result<std::vector<SourceFile>> try_read(SourceRef const& source, std::string const& digest,
                                           Context const& context) {
    Result<SourceTree> const tree = walk(source, context);
    if (!tree) return tree.error();
    std::vector<SourceFile> files;
    ContentDigests contents;
    for (SourceEntry const& entry : tree->entries) {
      if (entry.kind == Kind::FolderLink) continue;
      if (Result<Done> const on = go_on(context); !on) return on.error();
      SourceFile& file = files.emplace_back(SourceFile{.path = entry.path, .content = {}});
      Result<Content> const content =
          read_entry(*tree, entry, options_.max_bytes, [&](std::string_view piece) {
            file.content += piece;
            return Result<Done>(Done{});
          });
      if (!content) return content.error();
      contents[entry.path] = content->digest;
    }
    if (Result<Done> const same = verify(*tree, contents, digest); !same) return same.error();
    return files;
  }

  Result<Done> try_copy(SourceRef const& source, std::string const& digest, std::filesystem::path const& to,
                        Context const& context) {
    Result<SourceTree> const tree = walk(source, context);
    if (!tree) return tree.error();
    ContentDigests contents;
    for (SourceEntry const& entry : tree->entries) {
      if (entry.through_link) continue;
      if (Result<Done> const on = go_on(context); !on) return on.error();
      std::filesystem::path const path = to / entry.path;
      std::error_code failed;
      std::filesystem::create_directories(path.parent_path(), failed);
      if (failed) return file_error(failed.value(), "making the folder", path.parent_path());
      if (entry.kind != Kind::File) {
        if (::symlink(entry.target.c_str(), path.c_str()) != 0) return file_error(errno, "linking", path);
        continue;
      }
      Fd const file(
          ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, entry.executable ? 0700 : 0600));
      if (!file) return file_error(errno, "writing", path);
      Result<Content> const content =
          read_entry(*tree, entry, options_.max_bytes,
                     [&](std::string_view piece) { return write_all(file, piece, path); });
      if (!content) return content.error();
      contents[entry.path] = content->digest;
    }
    return verify(*tree, contents, digest);
  }

  Result<SourceTree> walk(SourceRef const& source, Context const& context) {
    if (!source.config_map.empty())
      return Error{.kind = ErrorKind::Invalid,
                   .reason = "SourceNotServed",
                   .message =
                       "a ConfigMap is read in a cluster only; give spec.source.directory, a folder "
                       "beside the manifest"};
    Fd const root(::open(options_.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return file_error(errno, "opening the folder of manifests", options_.root);
    Fd folder = open_beneath(root.get(), path_below_root(source), O_RDONLY | O_DIRECTORY);
    if (!folder) return not_opened(errno);
    return walk_source(std::move(folder), {.bytes = options_.max_bytes, .entries = options_.max_files},
                       [&] { return go_on(context); });
  }

  static Error not_opened(int error_number) {
    auto const invalid = [](std::string reason, std::string message) {
      return Error{.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
    };
    switch (error_number) {
      case ENOENT:
        return invalid("SourceMissing",
                       "there is no such directory beside the manifest; make it, or correct the path");
      case ENOTDIR:
        return invalid("SourceMissing", "it is no directory; name the directory that holds the script");
      case EXDEV:
        return invalid("SourceLinkOutside",
                       "it leads out of the folder of manifests; move the source below that folder");
      case ELOOP:
        return invalid("SourceLinkLoop", "a link on the way leads back to itself; remove it");
      case ENOSYS:
        return invalid("SourceUnreadable", "this system cannot resolve paths safely; use Linux 5.6 or later");
      default:
        return invalid("SourceUnreadable", file_error(error_number, "opening", "it").message +
                                               "; give the operator the right to read it");
    }
  }

  Result<Done> go_on(Context const& context) const {
    if (!context.stop.stop_requested() && clock_.steady() < context.deadline) return Done{};
    return Error{
        .kind = ErrorKind::Canceled, .reason = "Canceled", .message = "reading was stopped before its end"};
  }

  static Result<Done> verify(SourceTree const& tree, ContentDigests const& contents,
                             std::string const& digest) {
    if (digest_of(tree, contents) == digest) return Done{};
    return Error{
        .kind = ErrorKind::Transient,
        .reason = "SourceChanged",
        .message = "the files changed since the run was decided; the next look takes them as they are"};
  }

  /// Reads only what changed since the last scan of that path.
  Result<ContentDigests> digests(std::string const& source, SourceTree const& tree, Context const& context) {
    Known const before = known(source);
    Known after;
    ContentDigests contents;
    for (SourceEntry const& entry : tree.entries) {
      if (entry.kind != Kind::File || entry.through_link) continue;
      auto const found = before.find(entry.path);
      if (found != before.end() && found->second.first == entry.file) {
        after.insert(*found);
        contents[entry.path] = found->second.second;
        continue;
      }
      if (Result<Done> const on = go_on(context); !on) return on.error();
      Result<Content> const content =
          read_entry(tree, entry, options_.max_bytes, [](std::string_view) { return Result<Done>(Done{}); });
      if (!content) return content.error();
      contents[entry.path] = content->digest;
      if (content->before == content->after && !recent(content->after))
        after[entry.path] = {content->after, content->digest};
    }
    std::lock_guard const lock(mutex_);
    known_[source] = std::move(after);
    return contents;
  }

  [[nodiscard]] Known known(std::string const& source) const {
    std::lock_guard const lock(mutex_);
    auto const found = known_.find(source);
    return found == known_.end() ? Known{} : found->second;
  }

  [[nodiscard]] bool recent(FileIdentity const& file) const {
    std::int64_t const now = std::chrono::nanoseconds(clock_.wall().time_since_epoch()).count();
    return now - std::max(file.modified, file.changed) < kRecently;
  }

  DirectorySourceOptions options_;
  Clock const& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<DirectorySources> make_directory_sources(DirectorySourceOptions options, Clock const& clock) {
  return std::make_unique<Directories>(std::move(options), clock);
}

}  // namespace trainyard::local
