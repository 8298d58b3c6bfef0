#include "controller/local/source_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <set>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "reconcilers/ignore_rules.hpp"

namespace trainyard::local {

namespace {

using reconcilers::IgnoreRules;

constexpr int kDeepest = 100;
constexpr std::size_t kMostIgnoreBytes = std::size_t{1} << 20U;

using NodeId = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
NodeId node_of(struct stat const& facts) { return {facts.st_dev, facts.st_ino}; }

Error refused(std::string reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
}

/// Of something in the source; what is gone since it was listed will be seen right by the next look.
Error trouble(int error_number, std::string const& path) {
  if (error_number == ENOENT || error_number == ENOTDIR)
    return {.kind = ErrorKind::Transient,
            .reason = "SourceChanging",
            .message = "the source changed while it was read: " + path + " is gone"};
  return refused("SourceUnreadable", path +
                                         " cannot be read: " + std::generic_category().message(error_number) +
                                         "; give the operator the right to, or list it in .amlignore");
}

Error bad_link(int error_number, std::string const& path, std::string const& target) {
  std::string const link = "the link " + path + " to '" + target + "' ";
  std::string const remedy = "; replace it with what it leads to, or list it in .amlignore";
  if (error_number == EXDEV) return refused("SourceLinkOutside", link + "leads out of the source" + remedy);
  if (error_number == ELOOP) return refused("SourceLinkLoop", link + "leads back to itself" + remedy);
  if (error_number == ENOENT || error_number == ENOTDIR)
    return refused("SourceUnreadable", link + "leads to nothing" + remedy);
  return refused("SourceUnreadable",
                 link + "cannot be followed: " + std::generic_category().message(error_number) + remedy);
}

Result<IgnoreRules> read_rules(Fd const& root) {
  IgnoreRules rules = IgnoreRules::of_a_source();
  for (std::string_view const file_name : reconcilers::kIgnoreFiles) {
    std::string const name(file_name);
    Fd const file = open_beneath(root.get(), name, O_RDONLY | O_NONBLOCK);
    if (!file && errno == ENOENT) continue;
    if (!file) return trouble(errno, name);
    std::string text;
    Result<Done> const read = read_all(file, name, [&](std::string_view piece) -> Result<Done> {
      text += piece;
      if (text.size() <= kMostIgnoreBytes) return Done{};
      return refused("SourceUnreadable", name + " is larger than 1 MiB; shorten it");
    });
    if (!read) return read.error();
    rules.add(text);
    break;
  }
  return rules;
}

class Walk {
 public:
  Walk(Fd const& root, IgnoreRules const& rules, SourceLimits const& limits,
       std::function<Result<Done>()> const& go_on, SourceTree& tree)
      : root_(root), rules_(rules), limits_(limits), go_on_(go_on), tree_(tree) {}

  /// `prefix` is the folder's path with a '/' behind it, "" for the source itself.
  Result<Done> enter(Fd folder, std::string const& prefix, bool followed) {
    struct stat facts {};
    if (::fstat(folder.get(), &facts) != 0) return trouble(errno, prefix);
    NodeId const node = node_of(facts);
    if (std::find(above_.begin(), above_.end(), node) != above_.end())
      return refused("SourceLinkLoop",
                     "the link " + prefix.substr(0, prefix.size() - 1) +
                         " leads to a folder that it is in; remove it, or list it in .amlignore");
    if (above_.size() >= kDeepest)
      return refused("SourceTooLarge", prefix + " is nested too deep: at most " + std::to_string(kDeepest) +
                                           " folders; flatten it, or list it in .amlignore");
    if (!followed) real_.insert(node);
    above_.push_back(node);
    Result<Done> const walked = walk(std::move(folder), prefix, followed);
    above_.pop_back();
    return walked;
  }

  /// Once all is known: which links lead to what is in the source too.
  void settle_links() {
    std::vector<SourceEntry> entries;
    std::vector<std::string> kept_links;
    for (SourceEntry& entry : tree_.entries) {
      bool const in_source = real_.contains({entry.file.device, entry.file.inode});
      if (entry.kind == SourceEntry::Kind::FolderLink) {
        if (!in_source) continue;
        kept_links.push_back(entry.path + "/");
      } else if (entry.kind == SourceEntry::Kind::Link && !in_source) {
        entry.kind = SourceEntry::Kind::File;
        entry.target.clear();
      }
      entries.push_back(std::move(entry));
    }
    for (SourceEntry& entry : entries)
      entry.through_link = std::any_of(kept_links.begin(), kept_links.end(),
                                       [&](std::string const& link) { return entry.path.starts_with(link); });
    std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) { return a.path < b.path; });
    tree_.entries = std::move(entries);
  }

 private:
  Result<Done> walk(Fd folder, std::string const& prefix, bool followed) {
    int const number = folder.get();
    std::unique_ptr<DIR, int (*)(DIR*)> const listing(::fdopendir(::dup(number)), &::closedir);
    if (!listing) return trouble(errno, prefix);
    while (true) {
      errno = 0;
      dirent const* const item = ::readdir(listing.get());
      if (item == nullptr && errno != 0) return trouble(errno, prefix);
      if (item == nullptr) return Done{};
      std::string const name = item->d_name;
      if (name == "." || name == "..") continue;
      Result<Done> const taken = take(number, name, prefix + name, followed);
      if (!taken) return taken.error();
    }
  }

  Result<Done> take(int folder, std::string const& name, std::string const& path, bool followed) {
    struct stat facts {};
    if (::fstatat(folder, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return trouble(errno, path);
    if (rules_.ignores(path, S_ISDIR(facts.st_mode))) return Done{};
    if (Result<Done> const counted = count(); !counted) return counted.error();
    if (S_ISLNK(facts.st_mode)) return take_link(folder, name, path, followed);
    if (S_ISREG(facts.st_mode)) {
      if (!followed) real_.insert(node_of(facts));
      return add_file({.path = path}, facts);
    }
    if (!S_ISDIR(facts.st_mode)) {
      tree_.left_out.push_back(path);
      return Done{};
    }
    Fd inner(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) return trouble(errno, path);
    return enter(std::move(inner), path + "/", followed);
  }

  Result<Done> take_link(int folder, std::string const& name, std::string const& path, bool followed) {
    std::string target(PATH_MAX, '\0');
    ssize_t const length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (length < 0) return trouble(errno, path);
    target.resize(static_cast<std::size_t>(length));
    Fd end = open_beneath(root_.get(), path, O_PATH);
    if (!end) return bad_link(errno, path, target);
    struct stat facts {};
    if (::fstat(end.get(), &facts) != 0) return trouble(errno, path);
    using Kind = SourceEntry::Kind;
    // Beyond a link to a folder a link's text is relative to another place: there it counts as a copy.
    if (S_ISREG(facts.st_mode))
      return add_file(
          {.path = path, .kind = followed ? Kind::File : Kind::Link, .target = followed ? "" : target},
          facts);
    if (!S_ISDIR(facts.st_mode)) {
      tree_.left_out.push_back(path);
      return Done{};
    }
    if (!followed)
      tree_.entries.push_back(
          {.path = path, .kind = Kind::FolderLink, .target = target, .file = identity_of(facts)});
    Fd inner = open_beneath(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!inner) return bad_link(errno, path, target);
    return enter(std::move(inner), path + "/", true);
  }

  Result<Done> add_file(SourceEntry entry, struct stat const& facts) {
    tree_.bytes += facts.st_size;
    if (tree_.bytes > limits_.bytes)
      return refused("SourceTooLarge", "it holds more than " + std::to_string(limits_.bytes >> 20U) +
                                           " MiB; list what the script does not need in .amlignore");
    entry.executable = (facts.st_mode & S_IXUSR) != 0;
    entry.file = identity_of(facts);
    tree_.entries.push_back(std::move(entry));
    return Done{};
  }

  /// Folders count too: links can make many of few.
  Result<Done> count() {
    if (++seen_ > limits_.entries)
      return refused("SourceTooLarge",
                     "it holds more than " + std::to_string(limits_.entries) +
                         " files and folders; list what the script does not need in .amlignore");
    return go_on_();
  }

  Fd const& root_;
  IgnoreRules const& rules_;
  SourceLimits const& limits_;
  std::function<Result<Done>()> const& go_on_;
  SourceTree& tree_;
  std::size_t seen_ = 0;
  std::vector<NodeId> above_;  // the folders we are in
  std::set<NodeId> real_;      // files and folders reached without a link
};

}  // namespace

Result<SourceTree> walk_source(Fd root, SourceLimits const& limits,
                               std::function<Result<Done>()> const& go_on) {
  SourceTree tree;
  tree.root = std::move(root);
  Result<IgnoreRules> const rules = read_rules(tree.root);
  if (!rules) return rules.error();
  Walk walk(tree.root, *rules, limits, go_on, tree);
  Fd again(::openat(tree.root.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) return trouble(errno, ".");
  Result<Done> const walked = walk.enter(std::move(again), "", false);
  if (!walked) return walked.error();
  walk.settle_links();
  return tree;
}

}  // namespace trainyard::local
