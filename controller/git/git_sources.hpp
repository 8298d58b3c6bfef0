// Sources in git repositories: what spec.source.git names (design, rules 20, 21, 23 and 25).
#pragma once

#include <functional>
#include <memory>

#include "controller/git/git_checkout.hpp"
#include "controller/local/directory_source.hpp"

namespace trainyard::git {

/// The value of a key of a Secret in a namespace.
using SecretReader = std::function<Result<std::string>(std::string const& ns, std::string const& name,
                                                       std::string const& key, Context const& context)>;

/// Safe from any thread. A checkout is a folder, and is read as one. scan() tells the commit; read() and
/// copy() want it.
class GitSources final : public local::DirectorySources {
 public:
  /// The clock must outlive it.
  GitSources(GitOptions options, SecretReader secrets, Clock const& clock);
  Result<reconcilers::SourceInfo> scan(reconcilers::SourceRef const& source, Context const& context) override;
  Result<std::vector<reconcilers::SourceFile>> read(reconcilers::SourceRef const& source,
                                                    std::string const& digest,
                                                    Context const& context) override;
  Result<Done> copy(reconcilers::SourceRef const& source, std::string const& digest,
                    std::filesystem::path const& to, Context const& context) override;

 private:
  /// `source` as a folder of the cache.
  Result<reconcilers::SourceRef> at_hand(reconcilers::SourceRef source, Context const& context);
  Result<GitWanted> wanted(reconcilers::SourceRef const& source, Context const& context) const;

  SecretReader const secrets_;
  GitCheckouts checkouts_;
  std::unique_ptr<local::DirectorySources> folders_;
};

}  // namespace trainyard::git
