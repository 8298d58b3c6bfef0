// What a PUT of a compute says, and what its answer proves: pure, as decide() is.
#pragma once

#include <string>

#include "reconcilers/compute_target/decide.hpp"

namespace trainyard::reconcilers {

/// `act` is Create, Update, Mark, Take or Unmark. Foreign tags are carried on; ours come along where the
/// compute is ours (rules 6 and 7). `location` is the workspace's; `absent_date`, for a create: Azure's clock
/// as of the GET that found none.
Json put_body(std::string const& act, ComputeFacts const& facts, ComputeDriver const& driver,
              manifests::ComputeTargetStatus const& status, std::string const& location,
              WallTime absent_date);

/// The answer decides who made the compute (rule 7). `expected`: createdOn of what the PUT was to change, ""
/// where nothing was found.
void note_answer(manifests::ComputeTargetStatus& status, azure::Compute const& answer,
                 std::string const& expected);

}  // namespace trainyard::reconcilers
