#include "controller/git/git_sources.hpp"

namespace trainyard::git {

using reconcilers::SourceFile;
using reconcilers::SourceInfo;
using reconcilers::SourceRef;

GitSources::GitSources(GitOptions options, SecretReader secrets, Clock const& clock)
    : secrets_(std::move(secrets)),
      checkouts_(options, clock),
      folders_(local::make_directory_sources({.root = options.cache}, clock)) {}

Result<GitWanted> GitSources::wanted(SourceRef const& source, Context const& context) const {
  reconcilers::GitRef const& git = source.git;
  GitWanted wanted{.url = git.url,
                   .ref = git.commit.empty() ? git.ref : git.commit,
                   .path = git.path,
                   .reader = git.secret.empty() ? "" : source.ns + "/" + git.secret,
                   .login = std::nullopt};
  if (git.secret.empty()) return wanted;
  Result<std::string> user = secrets_(source.ns, git.secret, "username", context);
  if (!user) return user.error();
  Result<std::string> password = secrets_(source.ns, git.secret, "password", context);
  if (!password) return password.error();
  wanted.login = GitLogin{*std::move(user), *std::move(password)};
  return wanted;
}

Result<SourceRef> GitSources::at_hand(SourceRef source, Context const& context) {
  Result<GitWanted> const wanted = this->wanted(source, context);
  if (!wanted) return wanted.error().while_doing("spec.source.git.secretRef of " + source.declared_in);
  Result<GitCheckout> const checkout = checkouts_.get(*wanted, context);
  if (!checkout)
    return checkout.error().while_doing("spec.source.git '" + source.git.url + "' of " + source.declared_in);
  source.git.commit = checkout->commit;
  source.directory = checkout->folder + (source.git.path.empty() ? "" : "/" + source.git.path);
  return source;
}

Result<SourceInfo> GitSources::scan(SourceRef const& source, Context const& context) {
  Result<SourceRef> const here = at_hand(source, context);
  if (!here) return here.error();
  Result<SourceInfo> info = folders_->scan(*here, context);
  if (info) info->commit = here->git.commit;
  return info;
}

Result<std::vector<SourceFile>> GitSources::read(SourceRef const& source, std::string const& digest,
                                                 Context const& context) {
  Result<SourceRef> const here = at_hand(source, context);
  return here ? folders_->read(*here, digest, context) : here.error();
}

Result<Done> GitSources::copy(SourceRef const& source, std::string const& digest,
                              std::filesystem::path const& to, Context const& context) {
  Result<SourceRef> const here = at_hand(source, context);
  return here ? folders_->copy(*here, digest, to, context) : here.error();
}

}  // namespace trainyard::git
