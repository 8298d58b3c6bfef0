// TrainingRun: one training of a script.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/json.hpp"
#include "manifests/condition.hpp"

namespace trainyard::manifests {

enum class ReadyWhen { Submitted, Running, Completed };
enum class OnChange { Rerun, Ignore };

struct TrainingRunSpec {
  std::string compute_target;  // name of a ComputeTarget in the namespace
  std::string experiment;      // "" = metadata.name
  // One of directory, config_map and git_url, the others are "".
  std::string source_directory;   // relative to the manifest's file, beneath the manifests' root
  std::string source_config_map;  // name of a ConfigMap in the namespace: its keys are the files
  std::string source_git_url;     // https
  std::string source_git_ref;     // branch, tag or commit; "" = the server's HEAD
  std::string source_git_path;    // a folder in it; "" = all
  std::string source_git_secret;  // name of a Secret with username and password; "" = none
  std::string script_file;        // relative to the source
  std::vector<std::string> arguments;
  std::string interpreter_path;  // "" = python3 here, python in the image there
  std::string docker_image;      // "" = a CPU default
  std::vector<std::pair<std::string, std::string>> variables;
  std::int64_t retry_limit = 0;       // further attempts after a failed one
  std::vector<std::string> retry_on;  // spec.retry.onFailure, failure classes: Preempted, Capacity, Platform,
                                      // UserCode, Timeout; default Preempted, Capacity, Platform
  std::optional<Duration> timeout;    // running time of one attempt
  std::optional<Duration> queue_timeout;  // waiting time of one attempt
  bool suspend = false;
  ReadyWhen ready_when = ReadyWhen::Completed;
  OnChange on_change = OnChange::Rerun;
  bool operator==(TrainingRunSpec const&) const = default;
};

/// One attempt as the status remembers it.
struct Attempt {
  std::string name;   // the run's name, for ever
  std::string place;  // where it runs: "local" or "Workspace/NAMESPACE/NAME"
  std::string revision;
  std::int64_t attempt = 0;
  std::string outcome;  // Completed, Failed, Canceled, Deleted (by hand), "" while live
  std::string reason;   // why it was cancelled: Superseded, Suspended, Deleted, Timeout, QueueTimeout, User;
                        // else the failure's class
  std::string started_at, ended_at;  // RFC 3339 or ""
  bool operator==(Attempt const&) const = default;
};

/// A write to the service that left, or was about to, and whose answer is not known (design, rule 2a).
struct RunDoubt {
  std::string name, place, at;  // of a create; at RFC 3339
  bool operator==(RunDoubt const&) const = default;
};

struct TrainingRunStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string
      phase;  // Pending, Preparing, Queued, Running, Canceling, Completed, Failed, Canceled, Suspended
  std::string revision;      // the wanted one
  std::int64_t attempt = 0;  // of the wanted revision, from 0
  std::string run_name;      // the current attempt's
  std::string run_place;     // where that is, as Attempt::place
  bool seen = false;         // that name was once answered 2xx or seen
  std::vector<RunDoubt> doubts;
  std::vector<std::string> finished;  // revisions that ended for good, newest last, bounded
  std::vector<Attempt> history;       // newest last, at most 10
  std::string compute;                // the target's type and name in words: "amlCompute cpu-cluster"
  std::string link;                   // where a person looks
  std::string submitted_at, started_at, ended_at;
  std::map<std::string, double> metrics;  // last value of each, at most 50
  std::string failure_class, failure_message;
  std::optional<std::int64_t> exit_code;
  std::vector<std::string> log_tail;  // last lines, when it failed
  std::string source_digest;
  std::string source_commit;  // of a git source: what its ref was found to be
  std::string source_asked;   // and for what: digest of spec.source.git and the restart; asked once
  std::string last_handled_reconcile_at;  // the annotation reconcile-requested-at that was answered last
  std::string next_look;
  std::int64_t setbacks = 0;  // failed tries in a row: waits grow with it
  bool operator==(TrainingRunStatus const&) const = default;
};

TrainingRunSpec training_run_spec_from_json(Json const& spec);
Json to_json(TrainingRunStatus const& status);
TrainingRunStatus training_run_status_from_json(Json const& status);

/// Design, rule 12: "r1:" + hex SHA-256 over the canonical JSON of the listed fields of the spec as written,
/// with what they refer to. `restart` is the annotation trainyard.dev/restarted-at. Golden digests are
/// tested: never change what r1 means.
struct RevisionInputs {
  std::string source_digest, workspace_id, compute_name, restart;
};
std::string training_run_revision(Json const& spec_as_written, RevisionInputs const& inputs);

}  // namespace trainyard::manifests
