// Statuses with every member set. Each structured binding stops compiling when its struct gets another
// member: set it here, convert it, and give it to the CRD.
#pragma once

#include <cmath>

#include "manifests/compute_target.hpp"
#include "manifests/training_run.hpp"
#include "manifests/workspace.hpp"

namespace trainyard::manifests::test {

inline WallTime at(std::int64_t milliseconds) { return WallTime(Duration(milliseconds)); }

inline Conditions full_conditions() {
  Condition const condition{.type = "Ready",
                            .status = ConditionStatus::True,
                            .reason = "Usable",
                            .message = "it may be used",
                            .last_transition = at(1795509000123),
                            .observed_generation = 3};
  [[maybe_unused]] auto const& [type, status, reason, message, last_transition, generation] = condition;
  Condition stalled = condition;
  stalled.type = "Stalled";
  stalled.status = ConditionStatus::False;
  return {condition, stalled};
}

inline WorkspaceStatus full_workspace() {
  WorkspaceStatus const result{.observed_generation = 3,
                               .conditions = full_conditions(),
                               .workspace_id = "id",
                               .location = "westeurope",
                               .provisioning_state = "Succeeded",
                               .studio_url = "https://studio.example",
                               .last_handled_reconcile_at = "now",
                               .next_look = "2026-11-24T08:30:00Z",
                               .setbacks = 2};
  [[maybe_unused]] auto const& [a, b, c, d, e, f, g, h, i] = result;
  return result;
}

inline ComputeTargetStatus full_compute_target() {
  NodeCounts const nodes{.current = 1,
                         .target = 2,
                         .preparing = 3,
                         .running = 4,
                         .idle = 5,
                         .unusable = 6,
                         .leaving = 7,
                         .preempted = 8};
  [[maybe_unused]] auto const& [n1, n2, n3, n4, n5, n6, n7, n8] = nodes;
  Drift const drift{.field = "spec.amlCompute.create.maxNodes",
                    .wanted = "2",
                    .found = "4",
                    .since = "2026-11-24T08:30:00Z"};
  [[maybe_unused]] auto const& [d1, d2, d3, d4] = drift;
  ComputeIntent const doubt{.act = "Update", .at = "2026-11-24T08:30:00Z"};
  [[maybe_unused]] auto const& [i1, i2] = doubt;
  ComputeTaken const taken{.created_on = "2026-11-24T08:00:00Z", .at = "2026-11-24T08:10:00Z"};
  [[maybe_unused]] auto const& [t1, t2] = taken;
  ComputeTargetStatus const result{.observed_generation = 3,
                                   .conditions = full_conditions(),
                                   .origin = "Created",
                                   .created_on = "2026-11-24T08:00:00Z",
                                   .doubt = doubt,
                                   .taken = taken,
                                   .azure_id = "/subscriptions/s",
                                   .provisioning_state = "Succeeded",
                                   .allocation_state = "Steady",
                                   .nodes = nodes,
                                   .errors = {"one", "two"},
                                   .drift = {drift},
                                   .capabilities = {"script"},
                                   .used_by = {"fit-local"},
                                   .last_handled_reconcile_at = "now",
                                   .next_look = "2026-11-24T08:31:00Z",
                                   .setbacks = 2};
  [[maybe_unused]] auto const& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = result;
  return result;
}

inline TrainingRunStatus full_training_run() {
  Attempt const attempt{.name = "ty-fit-a0",
                        .place = "Workspace/default/demo",
                        .revision = "r1:aa",
                        .attempt = 1,
                        .outcome = "Canceled",
                        .reason = "Superseded",
                        .started_at = "2026-11-24T08:00:00Z",
                        .ended_at = "2026-11-24T08:01:00Z"};
  [[maybe_unused]] auto const& [a1, a2, a3, a4, a5, a6, a7, a8] = attempt;
  RunDoubt const doubt{.name = "ty-fit-a1", .place = "local", .at = "2026-11-24T08:02:00Z"};
  [[maybe_unused]] auto const& [r1, r2, r3] = doubt;
  TrainingRunStatus const result{.observed_generation = 3,
                                 .conditions = full_conditions(),
                                 .phase = "Failed",
                                 .revision = "r1:bb",
                                 .attempt = 1,
                                 .run_name = "ty-fit-a1",
                                 .run_place = "local",
                                 .seen = true,
                                 .doubts = {doubt},
                                 .finished = {"r1:aa"},
                                 .history = {attempt},
                                 .compute = "amlCompute cpu-cluster",
                                 .link = "https://studio.example/run",
                                 .submitted_at = "2026-11-24T08:02:00Z",
                                 .started_at = "2026-11-24T08:03:00Z",
                                 .ended_at = "2026-11-24T08:04:00Z",
                                 .metrics = {{"loss", 0.25}, {"diverged", HUGE_VAL}},
                                 .failure_class = "UserCode",
                                 .failure_message = "the script ended with exit code 3",
                                 .exit_code = 0,
                                 .log_tail = {"one", "two"},
                                 .source_digest = "cc",
                                 .source_commit = "dd",
                                 .source_asked = "ee",
                                 .last_handled_reconcile_at = "now",
                                 .next_look = "2026-11-24T08:31:00Z",
                                 .setbacks = 2};
  [[maybe_unused]] auto const& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, z1] =
      result;
  return result;
}

}  // namespace trainyard::manifests::test
