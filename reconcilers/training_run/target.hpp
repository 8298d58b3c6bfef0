// Where a TrainingRun is wanted.
#pragma once

#include <optional>
#include <string>

#include "controller/base/result.hpp"
#include "manifests/training_run.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::reconcilers {

inline constexpr std::string_view kLocalPlace =
    "local";  // a run's place on this machine; else "Workspace/NAMESPACE/NAME"

/// What a run's ComputeTarget says about it, as far as it is known: its place is, even while the workspace
/// cannot be used.
struct RunTarget {
  std::string place, compute_name, workspace_id;
  std::string words;  // for the status: type and name
  bool ready = false;
  std::string why_not;   // why it is not ready
  bool stalled = false;  // it will not become ready by itself
};

/// Fills `target`; an error says why no run can be wanted there now.
std::optional<Error> find_target(Parts const& parts, std::string const& ns,
                                 manifests::TrainingRunSpec const& spec, RunTarget& target);

}  // namespace trainyard::reconcilers
