// ComputeTarget: a place to train, created or attached.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/base/json.hpp"
#include "manifests/condition.hpp"

namespace trainyard::manifests {

enum class DeletionPolicy { Delete, Retain };
enum class DriftPolicy { Correct, Report, Ignore };
enum class ReplacePolicy { Never, WhenChanged };

/// spec.amlCompute.create, in today's terms. Only what the user set is compared with Azure.
struct AmlComputeCreate {
  std::string vm_size;
  std::optional<std::string> vm_priority;  // Dedicated (Azure's default) or LowPriority
  std::int64_t max_nodes = 1;              // required
  std::optional<std::int64_t> min_nodes;   // Azure's default 0
  std::optional<Duration> idle_time_before_scale_down;
  std::optional<std::string> location;  // default: the workspace's
  bool operator==(AmlComputeCreate const&) const = default;
};

/// spec.amlCompute.attach: a compute of the same workspace, used and left.
struct AmlComputeAttach {
  std::string name;
  bool operator==(AmlComputeAttach const&) const = default;
};

struct AmlComputeBlock {
  std::optional<AmlComputeCreate> create;
  std::optional<AmlComputeAttach> attach;
  bool operator==(AmlComputeBlock const&) const = default;
};

struct LocalBlock {
  bool operator==(LocalBlock const&) const = default;
};

struct ComputeTargetSpec {
  std::string workspace;  // name of a Workspace in the namespace; "" for local
  std::string name;       // in Azure; "" = metadata.name
  DeletionPolicy deletion_policy = DeletionPolicy::Delete;
  std::optional<DriftPolicy> drift_policy;  // default: Correct for Created, else Report
  ReplacePolicy replace = ReplacePolicy::Never;
  std::string block;  // which one is set: "local", "amlCompute"
  std::optional<LocalBlock> local;
  std::optional<AmlComputeBlock> aml_compute;
  bool operator==(ComputeTargetSpec const&) const = default;
};

/// Who made what Azure has: Created (our PUT), Adopted (found existing), Attached (used and left); "" not
/// known yet. Design, rule 7: origin and createdOn are kept and win for that createdOn.
struct NodeCounts {
  std::int64_t current = 0, target = 0, preparing = 0, running = 0, idle = 0, unusable = 0, leaving = 0,
               preempted = 0;
  bool operator==(NodeCounts const&) const = default;
};

struct Drift {
  std::string field, wanted, found, since;
  bool operator==(Drift const&) const = default;
};

/// Design, rule 2a. `act` is Create, Update, Mark, Take, Unmark or Delete; `at` RFC 3339. In doubt until
/// observed or settled.
struct ComputeIntent {
  std::string act, at;
  bool operator==(ComputeIntent const&) const = default;
};

/// Once, for the compute with that createdOn, our mark was put in the place of another state store's.
struct ComputeTaken {
  std::string created_on, at;
  bool operator==(ComputeTaken const&) const = default;
};

struct ComputeTargetStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::string origin;                  // Created, Adopted, Attached
  std::string created_on;              // Azure's createdOn of the compute that origin speaks of
  std::optional<ComputeIntent> doubt;  // a write that left, or was about to, and whose answer is not known
  std::optional<ComputeTaken> taken;
  std::string azure_id;  // ARM id
  std::string provisioning_state, allocation_state;
  std::optional<NodeCounts> nodes;
  std::vector<std::string> errors;  // in Azure's words
  std::vector<Drift> drift;
  std::vector<std::string> capabilities;  // of the target's type: what may run there
  std::vector<std::string> used_by;       // live runs that hold a deletion
  std::string last_handled_reconcile_at;  // the annotation reconcile-requested-at that was answered last
  std::string next_look;
  std::int64_t setbacks = 0;  // failed tries in a row: waits grow with it
  bool operator==(ComputeTargetStatus const&) const = default;
};

ComputeTargetSpec compute_target_spec_from_json(Json const& spec);
Json to_json(ComputeTargetStatus const& status);
ComputeTargetStatus compute_target_status_from_json(Json const& status);

}  // namespace trainyard::manifests
