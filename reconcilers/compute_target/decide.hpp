// The policy of a ComputeTarget backed by Azure as one pure function: rules 1, 2, 2a and 6 to 9 of design
// section 7. tests/reconcilers/compute_target_decide_test.cpp has its cases, tests/model asks it in every
// state of a compute.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/base/clock.hpp"
#include "manifests/compute_target.hpp"
#include "reconcilers/drivers/compute_driver.hpp"

namespace trainyard::reconcilers {

// Our mark on a compute (rules 6 and 7). The holder is the state store it was put by: two stores may have one
// cluster's name, and then one of them owns the compute.
inline constexpr std::string_view kOwnerTag = "trainyard-owner", kSinceTag = "trainyard-since",
                                  kCreatedTag = "trainyard-created", kHolderTag = "trainyard-holder";

struct ComputeFacts {
  manifests::ComputeTargetSpec spec;
  std::string owner;   // our mark's value
  std::string holder;  // the identity of our state store
  bool deleting = false;
  bool spec_changed = false;  // since the status was written
  WallTime now{}, started{};  // started: of the process
  Duration settle = std::chrono::minutes(5);
  std::vector<std::string> live_runs;      // of TrainingRuns on this target
  std::vector<std::string> other_targets;  // ComputeTargets that name the same compute
  azure::Compute const* found = nullptr;   // null: not there, as far as was asked
  bool asked = false;                      // `found` is the answer of a GET of this pass; else a list's word
  WallTime get_began{};                    // of that GET
};

struct ComputeAct {
  struct Wait {};
  struct Get {};  // a list's word is not enough for what is to be done
  struct Put {
    std::string act;
  };  // The key of the doubt: Create, Update; Mark, Take, Unmark change nothing but our mark
  struct Delete {};
  struct Finalize {};
};
using ComputeAction = std::variant<ComputeAct::Wait, ComputeAct::Get, ComputeAct::Put, ComputeAct::Delete,
                                   ComputeAct::Finalize>;

struct ComputeDecision {
  ComputeAction action;
  manifests::ComputeTargetStatus status;  // origin, created_on, doubt, drift, used_by as they are now known
  bool ready = false;
  bool stuck = false;           // nothing more happens until a person acts or time passes
  std::string reason, message;  // of the Ready condition
};
ComputeDecision decide(ComputeFacts const& facts, ComputeDriver const& driver,
                       manifests::ComputeTargetStatus status);

}  // namespace trainyard::reconcilers
