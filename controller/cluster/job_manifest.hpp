// A run as objects of a cluster: its Job, and the copy of its source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.hpp"
#include "reconcilers/local_runner.hpp"

namespace trainyard::cluster {

inline constexpr std::string_view kRunLabel = "trainyard.dev/run";
inline constexpr std::string_view kOwnerLabel = "trainyard.dev/owner";
// Annotations of a Job, which is the record of its run.
inline constexpr std::string_view kRevision = "trainyard.dev/revision";
inline constexpr std::string_view kHolder = "trainyard.dev/holder";
inline constexpr std::string_view kCancelReason = "trainyard.dev/cancel-reason";
inline constexpr std::string_view kExitCode =
    "trainyard.dev/exit-code";  // once it failed: pods are forgotten

inline constexpr std::string_view kContainer = "script";

struct JobOptions {
  std::string image = "python:3.11-slim";  // of runs that name none
  std::int64_t user = 1000;                // whom scripts run as: most images name root, or nobody
};

/// Why the files cannot be copied into a ConfigMap, if they are too many bytes.
std::optional<Error> too_large_for_a_copy(std::vector<reconcilers::SourceFile> const& files);

/// An immutable ConfigMap: an edit of the source changes no run that was started. One for each TrainingRun
/// object and digest, and gone with the object.
Json source_copy(reconcilers::LocalStart const& what, std::vector<reconcilers::SourceFile> const& files);

/// Runs the script once, in a folder that holds the source and is its own to write. Gone with its
/// TrainingRun, never before: no ttlSecondsAfterFinished.
Json job_of(reconcilers::LocalStart const& what, std::vector<reconcilers::SourceFile> const& files,
            JobOptions const& options);

}  // namespace trainyard::cluster
