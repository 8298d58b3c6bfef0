// The machine on which `local` runs run in a world: it outlives the operators.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reconcilers/local_runner.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// Runs take their time and end by the clock; a script whose arguments hold `fail` exits with 3.
class SimMachine {
 public:
  SimMachine(Stage& stage, Duration takes) : stage_(stage), takes_(takes) {}

  /// Called when a run has started.
  void on_start(std::function<void(reconcilers::LocalStart const&)> started) {
    started_ = std::move(started);
  }
  struct Run {
    reconcilers::LocalStart what;
    WallTime began{}, ends{};
    std::string reason;
  };
  [[nodiscard]] std::map<std::string, Run> const& runs() const { return runs_; }
  [[nodiscard]] bool live(Run const& run) const { return stage_.clock.wall() < run.ends; }

  [[nodiscard]] std::optional<reconcilers::LocalRun> find(std::string const& name) const;
  Result<Done> start(reconcilers::LocalStart const& what);
  void cancel(std::string const& name, std::string const& reason);
  [[nodiscard]] std::vector<std::string> list(
      std::string const& owner) const;  // in the order of their starts

 private:
  Stage& stage_;
  Duration takes_;
  std::map<std::string, Run> runs_;
  std::vector<std::string> in_order_;
  std::function<void(reconcilers::LocalStart const&)> started_;
};

/// The machine as one operator has it.
class SimRunner final : public reconcilers::LocalRunner {
 public:
  SimRunner(SimMachine& machine, Stage& stage, Pulse& whose)
      : machine_(machine), stage_(stage), whose_(whose) {}
  Result<std::optional<reconcilers::LocalRun>> find(std::string const& ns, std::string const& name,
                                                    Context const& context) override;
  Result<Done> start(reconcilers::LocalStart const& what, Context const& context) override;
  Result<Done> cancel(std::string const& ns, std::string const& name, std::string const& reason,
                      Context const& context) override;
  Result<std::vector<std::string>> list(std::string const& ns, std::string const& owner,
                                        Context const& context) override;
  [[nodiscard]] Duration pace() const override { return std::chrono::seconds(1); }

 private:
  SimMachine& machine_;
  Stage& stage_;
  Pulse& whose_;
};

}  // namespace trainyard::sim
