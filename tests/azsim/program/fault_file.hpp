// Faults as a file tells them (--faults FILE).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct FailingCompute {
  std::string code, message;
};
struct FaultPlan {
  std::vector<FaultRule> requests;
  std::uint64_t seed = 0;                // which calls meet a request's fault that has a share
  std::vector<FailingCompute> computes;  // how the next creates end, first come first served
};

/// {"requests": [{"operation": "jobs.put", "path": "", "skip": 0, "times": 1, "kind": "Answer", "status":
/// 403,
///   "code": "AuthorizationFailed", "message": "...", "headers": {}, "retryAfterSeconds": 5}],
///  "computes": [{"code": "ClusterMinNodesExceedCoreQuota", "message": "..."}]}
/// What is left out is as in FaultRule; an unknown field is an error that names it.
Result<FaultPlan> parse_fault_plan(std::string_view text);

/// What goes where --help tells of the file.
std::string fault_file_help();

}  // namespace trainyard::azsim
