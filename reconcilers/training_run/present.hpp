// What a TrainingRun's status tells a user about its current attempt.
#pragma once

#include "manifests/training_run.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/training_run/decide.hpp"

namespace trainyard::reconcilers {

/// Copies what was seen of the current attempt into the status (phase, times, metrics, failure).
void show_attempt(manifests::TrainingRunStatus& status, RunSeen const& seen);

/// Is an attempt under way, or may one be?
bool is_live(manifests::TrainingRunStatus const& status);

/// Does its spec name that target, or did it run there last? (Its spec may name another one by now.)
bool uses_target(StoredObject const& run, std::string_view target);

/// The status of a run that has no attempt yet.
void show_no_attempt(manifests::TrainingRunStatus& status, std::string_view phase);

/// Ready by readyWhen; a failed or cancelled run is never green.
Verdict verdict_of(manifests::TrainingRunStatus const& status, manifests::ReadyWhen ready_when);

}  // namespace trainyard::reconcilers
