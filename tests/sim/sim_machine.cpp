#include "tests/sim/sim_machine.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"

namespace trainyard::sim {

using reconcilers::LocalRun;
using reconcilers::LocalStart;

namespace {
Error dead() {
  return {.kind = ErrorKind::Canceled, .reason = "Killed", .message = "the operator was killed"};
}
}  // namespace

std::optional<LocalRun> SimMachine::find(std::string const& name) const {
  auto const found = runs_.find(name);
  if (found == runs_.end()) return std::nullopt;
  Run const& run = found->second;
  LocalRun told{.owner = run.what.owner,
                .revision = run.what.revision,
                .holder = run.what.holder,
                .cancel_reason = run.reason,
                .started_at = to_rfc3339(run.began),
                .metrics = {{"loss", 0.5}},
                .log_path = name + "/log.txt"};
  if (!live(run)) {
    bool const fails =
        std::find(run.what.arguments.begin(), run.what.arguments.end(), "fail") != run.what.arguments.end();
    told.state = LocalRun::State::Ended;
    told.exit_code = !run.reason.empty() ? 143 : fails ? 3 : 0;
    told.ended_at = to_rfc3339(run.ends);
  }
  return told;
}

Result<Done> SimMachine::start(LocalStart const& what) {
  WallTime const now = stage_.clock.wall();
  if (!runs_.emplace(what.name, Run{.what = what, .began = now, .ends = now + takes_}).second)
    return Error{
        .kind = ErrorKind::Conflict, .reason = "RunExists", .message = what.name + " is there already"};
  in_order_.push_back(what.name);
  if (started_) started_(what);
  return Done{};
}

void SimMachine::cancel(std::string const& name, std::string const& reason) {
  auto const found = runs_.find(name);
  if (found == runs_.end() || !live(found->second) || !found->second.reason.empty()) return;
  found->second.reason = reason;
  found->second.ends = std::min(found->second.ends, stage_.clock.wall() + Duration(std::chrono::seconds(3)));
}

std::vector<std::string> SimMachine::list(std::string const& owner) const {
  std::vector<std::string> names;
  for (std::string const& name : in_order_)
    if (runs_.at(name).what.owner == owner) names.push_back(name);
  return names;
}

Result<std::optional<LocalRun>> SimRunner::find(std::string const&, std::string const& name, Context const&) {
  if (whose_.dead) return dead();
  stage_.fibers.yield();
  return machine_.find(name);
}

Result<Done> SimRunner::start(LocalStart const& what, Context const&) {
  Result<Done> result = dead();
  stage_.effect(whose_, "start of local run " + what.name, [&] { result = machine_.start(what); });
  return result;
}

Result<Done> SimRunner::cancel(std::string const&, std::string const& name, std::string const& reason,
                               Context const&) {
  Result<Done> result = dead();
  stage_.effect(whose_, "cancel of local run " + name + " (" + reason + ")", [&] {
    machine_.cancel(name, reason);
    result = Done{};
  });
  return result;
}

Result<std::vector<std::string>> SimRunner::list(std::string const&, std::string const& owner,
                                                 Context const&) {
  if (whose_.dead) return dead();
  stage_.fibers.yield();
  return machine_.list(owner);
}

}  // namespace trainyard::sim
