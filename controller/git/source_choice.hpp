// A source is read by git, or by what this place has beside it: folders here, ConfigMaps in a cluster.
#pragma once

#include "controller/git/git_sources.hpp"

namespace trainyard::git {

/// Reader is what both are. The parts must outlive it.
template <class Reader>
class SourceChoice : public Reader {
 public:
  SourceChoice(GitSources& git, Reader& others) : git_(git), others_(others) {}
  Result<reconcilers::SourceInfo> scan(reconcilers::SourceRef const& source,
                                       Context const& context) override {
    return of(source).scan(source, context);
  }
  Result<std::vector<reconcilers::SourceFile>> read(reconcilers::SourceRef const& source,
                                                    std::string const& digest,
                                                    Context const& context) override {
    return of(source).read(source, digest, context);
  }

 protected:
  Reader& of(reconcilers::SourceRef const& source) const {
    return source.git.url.empty() ? others_ : static_cast<Reader&>(git_);
  }

 private:
  GitSources& git_;
  Reader& others_;
};

/// Of sources that are copied for processes, too.
class FolderChoice final : public SourceChoice<local::DirectorySources> {
 public:
  using SourceChoice::SourceChoice;
  Result<Done> copy(reconcilers::SourceRef const& source, std::string const& digest,
                    std::filesystem::path const& to, Context const& context) override {
    return of(source).copy(source, digest, to, context);
  }
};

}  // namespace trainyard::git
