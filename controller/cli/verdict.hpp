// What `run` says last: how all stands, what came out, what failed and why, what was done, where to look.
#pragma once

#include <string>
#include <vector>

#include "controller/base/object_store.hpp"

namespace trainyard::cli {

struct Deeds {
  int azure_writes = 0, runs_started = 0;
};

struct Verdict {
  std::string text;
  bool good = false;  // everything is ready, and there is something
};

/// `problems` is how many things are to be mended in the manifests; `folder_flags` are what other commands
/// need to find the folder (" --directory DIR"); `settled` is false when the run was stopped before.
Verdict verdict_of(std::vector<ObjectPtr> const& objects, std::size_t problems, Deeds const& deeds,
                   bool settled, std::string const& folder_flags, WallTime now);

}  // namespace trainyard::cli
