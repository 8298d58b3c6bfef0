// The seam to whatever runs a `local` training: a process of this machine (controller/local), or a Kubernetes
// Job (controller/cluster).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/result.hpp"
#include "reconcilers/source.hpp"

namespace trainyard::reconcilers {

struct LocalStart {
  std::string name;              // the run's name, for ever
  std::string owner;             // whose run it is; compared on every find (design, rule 11)
  std::string revision, holder;  // kept with the claim and told by find()
  ObjectKey run;                 // the TrainingRun
  std::string uid;               // its StoredObject::uid
  std::string experiment;
  SourceRef source;  // copied as the snapshot; must still have this digest
  std::string source_digest;
  std::string image;  // for containers; "" for the runner's default
  std::string script_file;
  std::vector<std::string> arguments;
  std::string interpreter;  // path or a name on PATH
  std::vector<std::pair<std::string, std::string>> variables;
};

struct LocalRun {
  enum class State {
    Running,
    Ended,
    Interrupted
  } state = State::Running;             // Interrupted: nobody holds it and it left no result
  std::string owner, revision, holder;  // as the claim says
  std::optional<int> exit_code;         // 128 + signal when one ended it
  std::string cancel_reason;            // "" unless we asked it to stop before it ended
  std::string submitted_at;             // RFC 3339; "" for when it started
  std::string started_at, ended_at;     // RFC 3339; an end without a start: it could not be started
  std::string why;  // in its platform's words what it waits for, or what ended it; "" when none are needed
  std::map<std::string, double> metrics;  // last values
  std::vector<std::string> log_tail;      // at most 20 lines, scrubbed
  std::string log_path;
};

/// Safe from any thread. A name is claimed once and for ever (design, rule 19). `ns` is the namespace of the
/// TrainingRun.
struct LocalRunner {
  virtual ~LocalRunner() = default;
  virtual Result<std::optional<LocalRun>> find(std::string const& ns, std::string const& name,
                                               Context const& context) = 0;
  /// Starts it and returns at once. A name already claimed is Conflict: find() it.
  virtual Result<Done> start(LocalStart const& what, Context const& context) = 0;
  /// Writes the reason down, then asks it to end: SIGTERM, after 10 s SIGKILL. Returns at once; ended already
  /// is fine.
  virtual Result<Done> cancel(std::string const& ns, std::string const& name, std::string const& reason,
                              Context const& context) = 0;
  /// How soon a live run should be looked at again: what a look costs decides.
  [[nodiscard]] virtual Duration pace() const = 0;
  /// Names of runs claimed for the owner, oldest first.
  virtual Result<std::vector<std::string>> list(std::string const& ns, std::string const& owner,
                                                Context const& context) = 0;
};

}  // namespace trainyard::reconcilers
