// What a repository holds at one commit, as a folder.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/http_proxy.hpp"
#include "controller/base/result.hpp"

namespace trainyard::git {

struct GitOptions {
  std::filesystem::path cache;  // made if missing, for its owner only
  std::string ca_file;          // of trusted roots, instead of the system's; "" for those
  HttpProxySettings proxies;
  std::set<std::string> allowed_hosts = {};  // though they are the operator's own surroundings
  // What a checkout may hold, before .amlignore is read.
  std::int64_t max_bytes = std::int64_t{1} << 30U;
  std::size_t max_files = 20'000;
};

struct GitLogin {
  std::string user, password;
};

struct GitWanted {
  std::string url;     // https, without a user
  std::string ref;     // branch, tag or whole commit id; "" for the server's HEAD. A tag wins over a branch
  std::string path;    // a folder in it; "" for all
  std::string reader;  // who may read what comes of it: nobody else is served from the cache
  std::optional<GitLogin> login;
};

struct GitCheckout {
  std::string commit;  // 40 hex digits
  std::string folder;  // relative to the cache
};

/// Safe from any thread.
class GitCheckouts {
 public:
  /// The clock must outlive it. The cache may hold what an earlier process left, and is no other's by now:
  /// fetches that were cut off go.
  GitCheckouts(GitOptions options, Clock const& clock);

  /// Fetches what is not in the cache. Takes at most two minutes. Errors: Invalid (GitHostForbidden,
  /// SourceMissing: no such ref or path, SourceTooLarge, SourceIncomplete: submodules or Git LFS,
  /// GitRedirected, GitMissing), Unauthorized (GitUnauthorized), NotFound (GitRepositoryNotFound), Transient
  /// (HostNotFound, GitFailed).
  Result<GitCheckout> get(GitWanted const& wanted, Context const& context);

 private:
  Result<GitCheckout> fetch(GitWanted const& wanted, Context const& context);
  void keep_newest();

  GitOptions const options_;
  Clock const& clock_;
  std::mutex mutex_;  // of what is moved into the cache and out of it
};

}  // namespace trainyard::git
