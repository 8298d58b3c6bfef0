// Watches a world and says which promise was broken (design, section 7, "What is promised").
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/base/object_store.hpp"
#include "tests/azsim/azsim.hpp"
#include "tests/sim/sim_machine.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

class Judge {
 public:
  Judge(Stage& stage, azsim::AzureSim& azure, SimMachine& machine, std::string workspace);

  /// Our objects as the store has them now; for who may own what.
  void look_at(ObjectStore const* store) { store_ = store; }
  void saw_request(azsim::Logged const& logged);
  void saw_start(reconcilers::LocalStart const& start);
  /// After each step.
  void check_objects();
  /// Nothing of an object that is gone lives on.
  void check_left_behind();
  void forbid(std::string secret) { secret_ = std::move(secret); }
  void saw_output(std::string_view text);

  [[nodiscard]] std::vector<std::string> const& verdicts() const { return verdicts_; }
  [[nodiscard]] std::map<std::string, int> const& created() const { return created_; }  // by run name

 private:
  struct RunState {
    std::string owner, revision, reason;
    bool live = false, completed = false, failed = false;
  };
  void broken(std::string const& promise);
  void began(std::string const& name, std::string const& owner, std::string const& revision);
  [[nodiscard]] std::map<std::string, RunState> runs() const;
  [[nodiscard]] std::set<std::string> owners() const;  // marks of the objects that have our finalizer

  Stage& stage_;
  azsim::AzureSim& azure_;
  SimMachine& machine_;
  std::string workspace_;
  ObjectStore const* store_ = nullptr;
  std::string secret_;
  std::map<std::string, int> created_;
  std::vector<std::string> verdicts_;
};

}  // namespace trainyard::sim
