// Git as a program: it fetches shallowly, and it can be ended whatever it waits for, as no library's call
// can.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard::git {

struct GitCommand {
  std::vector<std::string> words;                                // after `git`
  std::vector<std::pair<std::string, std::string>> config = {};  // secrets too: it goes by the environment
  std::vector<std::pair<std::string, std::string>> environment = {};  // beside PATH, HOME and LC_ALL=C
  std::filesystem::path folder;                                       // where it runs, and its HOME
};

struct GitResult {
  int exit_code = 0;   // 128 + signal when one ended it
  std::string output;  // of both streams, at most kMostGitOutput bytes
  bool whole = true;   // there was no more
};
inline constexpr std::size_t kMostGitOutput = std::size_t{8} << 20U;

/// Runs it to its end; nobody's configuration but `config` counts, nothing is asked of a terminal, and of
/// protocols it speaks https alone. It and what it started are killed when the context ends, and when a file
/// grows beyond 1 GiB. Errors: Canceled (Stopped, DeadlineExceeded), Invalid (GitMissing).
Result<GitResult> run_git(GitCommand command, Clock const& clock, Context const& context);

}  // namespace trainyard::git
