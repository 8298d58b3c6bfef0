#include "controller/git/git_checkout.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "controller/base/encoding.hpp"
#include "controller/base/text.hpp"
#include "controller/git/git_address.hpp"
#include "controller/git/git_command.hpp"
#include "controller/local/files.hpp"

namespace trainyard::git {

namespace {

namespace fs = std::filesystem;

constexpr Duration kLongest = std::chrono::minutes(2);
constexpr std::size_t kMostKept = 50;
constexpr std::size_t kNamesTold = 3;
constexpr std::size_t kLongestWords = 300;
constexpr std::string_view kUnfinished = "fetch-";  // begins the name of a fetch's folder
constexpr std::string_view kLfsMark = "^version https://git-lfs.github.com/spec/v1$";

Error invalid(std::string reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
}

bool is_commit(std::string const& ref) {
  return ref.size() == 40 && std::all_of(ref.begin(), ref.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string folder_name(GitWanted const& wanted, std::string const& commit) {
  return commit + "-" + hex(sha256_of_parts({wanted.reader, wanted.url, wanted.path})).substr(0, 16);
}

std::string names(std::vector<std::string> const& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < kNamesTold; ++i) text += (i > 0 ? ", " : "") + paths[i];
  if (paths.size() > kNamesTold) text += " and " + std::to_string(paths.size() - kNamesTold) + " more";
  return text;
}

/// The last line in which git says what is wrong, for people.
std::string last_words(std::string const& output) {
  std::string words;
  std::size_t at = 0;
  while (at < output.size()) {
    std::size_t const end = std::min(output.find('\n', at), output.size());
    std::string const line = output.substr(at, end - at);
    if (line.starts_with("fatal: ") || line.starts_with("error: ")) words = line.substr(7);
    at = end + 1;
  }
  return readable(one_line(words.empty() ? output : words), kLongestWords);
}

/// A failed fetch, by the words of git and curl. Source: git 2.39, http.c and remote-curl.c.
Error why_not_fetched(GitWanted const& wanted, std::string const& output) {
  auto const says = [&](std::string_view words) { return output.find(words) != std::string::npos; };
  if (says("Authentication failed") || says("could not read Username") || says("error: 401") ||
      says("error: 403"))
    return {.kind = ErrorKind::Unauthorized,
            .reason = "GitUnauthorized",
            .message = wanted.login ? "the server refuses the user and password of the Secret; correct them"
                                    : "the server wants a user and a password; give "
                                      "spec.source.git.secretRef, a Secret with username and password"};
  if (says("error: 404") || says("not found"))
    return {.kind = ErrorKind::NotFound,
            .reason = "GitRepositoryNotFound",
            .message = "the server has no such repository, or does not show it to this user"};
  if (says("couldn't find remote ref") || says("unadvertised object") || says("not our ref"))
    return invalid("SourceMissing",
                   "the repository has no branch or tag '" + wanted.ref +
                       "'; correct spec.source.git.ref (a commit needs all of its 40 digits)");
  if (says("redirect") || says("error: 301") || says("error: 302") || says("error: 307") ||
      says("error: 308"))
    return invalid("GitRedirected",
                   "the server redirects to another address; give that one in spec.source.git.url");
  if (says("died of signal 25") || says("File size limit"))
    return invalid("SourceTooLarge",
                   "a fetch of one commit takes more than 1 GiB; give a smaller repository");
  return {.kind = ErrorKind::Transient,
          .reason = "GitFailed",
          .message = "git cannot fetch it: " + last_words(output)};
}

bool is_unfinished(fs::directory_entry const& entry) {
  return entry.path().filename().string().starts_with(kUnfinished);
}

/// A folder of one fetch alone, that goes with the object.
class Scratch {
 public:
  explicit Scratch(fs::path const& folder) {
    std::string name = (folder / (std::string(kUnfinished) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  /// Empty if it could not be made; errno says why.
  [[nodiscard]] fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

/// One fetch into a repository of its own.
class Fetch {
 public:
  Fetch(GitOptions const& options, GitWanted const& wanted, Url url, fs::path scratch, Clock const& clock,
        Context const& context)
      : options_(options),
        wanted_(wanted),
        url_(std::move(url)),
        scratch_(std::move(scratch)),
        clock_(clock),
        context_{.stop = context.stop, .deadline = std::min(context.deadline, clock.steady() + kLongest)} {}

  /// Everything up to the files in tree().
  Result<std::string> commit() {
    if (Result<Done> const ready = connect(); !ready) return ready.error();
    Result<GitResult> const made = git({"init", "-q", "--bare", repository()});
    if (!made) return made.error();
    if (made->exit_code != 0) return failed("making a repository", *made);
    Result<std::string> const commit = fetched();
    if (!commit) return commit;
    if (Result<Done> const fits = measure(*commit); !fits) return fits.error();
    std::error_code error;
    fs::create_directory(tree(), error);
    if (error) return local::file_error(error.value(), "making the folder", tree());
    Result<GitResult> const out = git({"--git-dir", repository(), "--work-tree", tree().string(), "checkout",
                                       "-q", "-f", *commit, "--", wanted_.path.empty() ? "." : wanted_.path});
    if (!out) return out.error();
    if (out->exit_code != 0) return failed("checking out", *out);
    return commit;
  }

  [[nodiscard]] fs::path tree() const { return scratch_ / "tree"; }

 private:
  [[nodiscard]] std::string repository() const { return (scratch_ / "repository").string(); }
  [[nodiscard]] std::vector<std::string> with_path(std::vector<std::string> words) const {
    if (!wanted_.path.empty()) words.insert(words.end(), {"--", wanted_.path});
    return words;
  }

  static Error failed(std::string const& what, GitResult const& result) {
    return {.kind = ErrorKind::Transient,
            .reason = "GitFailed",
            .message = "git failed while " + what + ": " + last_words(result.output)};
  }

  Result<Done> connect() {
    config_ = {{"http.followRedirects", "false"},  // they would carry the password elsewhere
               {"http.lowSpeedLimit", "100"},     {"http.lowSpeedTime", "30"}, {"credential.helper", ""},
               {"core.hooksPath", "/dev/null"},   {"core.autocrlf", "false"},  {"gc.auto", "0"}};
    if (!options_.ca_file.empty()) config_.emplace_back("http.sslCAInfo", options_.ca_file);
    if (wanted_.login)
      config_.emplace_back("http.extraHeader", "Authorization: Basic " + base64(wanted_.login->user + ":" +
                                                                                wanted_.login->password));
    Result<std::optional<HttpProxy>> const proxy = choose_proxy(options_.proxies, url_);
    if (!proxy) return proxy.error();
    if (*proxy) {  // who resolves the name, and decides where it leads
      environment_.emplace_back("https_proxy", options_.proxies.https_proxy);
      return check_host(url_, options_.allowed_hosts);
    }
    environment_.emplace_back("no_proxy", "*");
    Result<std::vector<std::string>> const addresses = allowed_addresses(url_, options_.allowed_hosts);
    if (!addresses) return addresses.error();
    // Connected to is what was looked at, whatever the name says a moment later.
    std::string pinned = url_.host + ":" + std::to_string(url_.port) + ":";
    for (std::size_t i = 0; i < addresses->size(); ++i) pinned += (i > 0 ? "," : "") + (*addresses)[i];
    config_.emplace_back("http.curloptResolve", pinned);
    return Done{};
  }

  Result<GitResult> git(std::vector<std::string> words) const {
    return run_git(
        {.words = std::move(words), .config = config_, .environment = environment_, .folder = scratch_},
        clock_, context_);
  }
  Result<GitResult> fetch(std::vector<std::string> const& more) const {
    std::vector<std::string> words{
        "--git-dir", repository(), "fetch", "-q", "--no-tags", "--no-recurse-submodules", wanted_.url};
    words.insert(words.end(), more.begin(), more.end());
    if (more.size() == 1) words.insert(words.end() - 2, "--depth=1");
    return git(std::move(words));
  }

  Result<std::string> fetched() const {
    std::string const ref = wanted_.ref.empty() ? "HEAD" : wanted_.ref;
    Result<GitResult> got = fetch({ref});
    if (!got) return got.error();
    bool const refused = got->output.find("unadvertised object") != std::string::npos;
    if (got->exit_code != 0 && refused && is_commit(ref)) {  // some servers hand out tips alone
      got = fetch({"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"});
      if (!got) return got.error();
    }
    if (got->exit_code != 0) return why_not_fetched(wanted_, got->output);
    std::string const what = is_commit(ref) ? ref : "FETCH_HEAD";
    Result<GitResult> const parsed =
        git({"--git-dir", repository(), "rev-parse", "-q", "--verify", what + "^{commit}"});
    if (!parsed) return parsed.error();
    std::string const commit = parsed->output.substr(0, parsed->output.find('\n'));
    if (parsed->exit_code != 0 || !is_commit(commit))
      return invalid("SourceMissing",
                     "the repository has no commit '" + ref + "'; correct spec.source.git.ref");
    return commit;
  }

  /// Refuses what is too much, before it takes room, and what would come in part only.
  Result<Done> measure(std::string const& commit) const {
    Result<GitResult> const listed =
        git(with_path({"--git-dir", repository(), "ls-tree", "-r", "-l", "-z", "--full-tree", commit}));
    if (!listed) return listed.error();
    if (listed->exit_code != 0) return failed("listing its files", *listed);
    std::vector<std::string> submodules;
    std::int64_t bytes = 0;
    std::size_t files = 0;
    bool only_a_file = false;
    for (std::size_t at = 0; at < listed->output.size();) {
      std::size_t const end = std::min(listed->output.find('\0', at), listed->output.size());
      std::string_view const line =
          std::string_view(listed->output).substr(at, end - at);  // mode type id size \t path
      at = end + 1;
      std::size_t const tab = std::min(line.find('\t'), line.size());
      std::string_view const facts = line.substr(0, tab), name = line.substr(std::min(tab + 1, line.size()));
      if (facts.starts_with("160000")) submodules.emplace_back(name);
      std::int64_t size = 0;
      std::string_view const number = facts.substr(facts.rfind(' ') + 1);
      std::from_chars(number.data(), number.data() + number.size(), size);
      bytes += size;
      ++files;
      only_a_file = name == wanted_.path;
    }
    if (files == 0 || only_a_file)
      return invalid("SourceMissing",
                     files == 0 ? "its commit " + commit + " has no folder '" + wanted_.path +
                                      "'; correct spec.source.git.path"
                                : "'" + wanted_.path + "' is no folder; give the folder that it is in");
    if (!listed->whole || files > options_.max_files || bytes > options_.max_bytes)
      return invalid("SourceTooLarge", "there are " + std::to_string(files) + " files of " +
                                           std::to_string(bytes) +
                                           " bytes in all; give spec.source.git.path, a smaller part of it");
    if (!submodules.empty())
      return invalid("SourceIncomplete", "submodules are not fetched: " + names(submodules) +
                                             "; give spec.source.git.path, a part without them");
    return no_pointers(commit);
  }

  Result<Done> no_pointers(std::string const& commit) const {
    Result<GitResult> const found =
        git(with_path({"--git-dir", repository(), "grep", "-l", "-I", "-e", std::string(kLfsMark), commit}));
    if (!found) return found.error();
    if (found->exit_code == 1) return Done{};  // there are none
    if (found->exit_code != 0) return failed("looking for Git LFS", *found);
    std::vector<std::string> files;
    for (std::size_t at = 0; at < found->output.size();) {
      std::size_t const end = std::min(found->output.find('\n', at), found->output.size());
      files.push_back(found->output.substr(at, end - at).substr(commit.size() + 1));
      at = end + 1;
    }
    return invalid("SourceIncomplete",
                   "what Git LFS keeps is not fetched: " + names(files) +
                       "; give spec.source.git.path, a part without it, and read data from a store");
  }

  GitOptions const& options_;
  GitWanted const& wanted_;
  Url const url_;
  fs::path const scratch_;
  Clock const& clock_;
  Context const context_;
  std::vector<std::pair<std::string, std::string>> config_, environment_;
};

}  // namespace

GitCheckouts::GitCheckouts(GitOptions options, Clock const& clock)
    : options_(std::move(options)), clock_(clock) {
  std::error_code error;
  for (fs::directory_entry const& entry : fs::directory_iterator(options_.cache, error))
    if (is_unfinished(entry)) fs::remove_all(entry.path(), error);
}

Result<GitCheckout> GitCheckouts::get(GitWanted const& wanted, Context const& context) {
  if (is_commit(wanted.ref)) {
    std::string const folder = folder_name(wanted, wanted.ref);
    std::error_code error;
    std::lock_guard const lock(mutex_);
    if (fs::is_directory(options_.cache / folder, error)) {
      fs::last_write_time(options_.cache / folder, fs::file_time_type::clock::now(), error);
      return GitCheckout{.commit = wanted.ref, .folder = folder};
    }
  }
  return fetch(wanted, context);
}

Result<GitCheckout> GitCheckouts::fetch(GitWanted const& wanted, Context const& context) {
  Result<Url> url = parse_url(wanted.url);
  if (!url || url->scheme != "https")
    return invalid("InvalidUrl",
                   "spec.source.git.url is no https address; give one, such as https://host/team/repo.git");
  std::error_code error;
  fs::create_directories(options_.cache.parent_path(), error);
  ::mkdir(options_.cache.c_str(), S_IRWXU);  // there already, or said below
  Scratch const scratch(options_.cache);
  if (scratch.path().empty()) return local::file_error(errno, "making a folder in", options_.cache);
  Fetch work(options_, wanted, *std::move(url), scratch.path(), clock_, context);
  Result<std::string> const commit = work.commit();
  if (!commit) return commit.error();
  GitCheckout const checkout{.commit = *commit, .folder = folder_name(wanted, *commit)};
  std::lock_guard const lock(mutex_);
  if (!fs::is_directory(options_.cache / checkout.folder, error)) {
    fs::rename(work.tree(), options_.cache / checkout.folder, error);
    if (error) return local::file_error(error.value(), "keeping", options_.cache / checkout.folder);
  }
  keep_newest();
  return checkout;
}

/// A checkout that goes while it is read is fetched again: its reader sees that files are missing.
void GitCheckouts::keep_newest() {
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  std::error_code error;
  for (fs::directory_entry const& entry : fs::directory_iterator(options_.cache, error))
    if (!is_unfinished(entry)) kept.emplace_back(entry.last_write_time(error), entry.path());
  std::sort(kept.rbegin(), kept.rend());
  for (std::size_t i = kMostKept; i < kept.size(); ++i) fs::remove_all(kept[i].second, error);
}

}  // namespace trainyard::git
