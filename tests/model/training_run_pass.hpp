// The operators: their lists and their passes.
#pragma once

#include "tests/model/training_run_policy.hpp"
#include "tests/model/training_run_world.hpp"

namespace trainyard::model {

class RunModel::Pass {
 public:
  Pass(RunOptions const& options, Policy& policy, RunState const& now, Steps<RunState>& into,
       World const& world)
      : options_(options), policy_(policy), now_(now), into_(into), world_(world) {}
  void operate(int i);

 private:
  using S = RunState;
  template <class Label>
  Step<S>& add(S const& next, Kind kind, Label const& label) {
    return into_.add(next, kind, label);
  }
  static void rest(S& s, int i);
  [[nodiscard]] std::string who(int i) const;
  void idle(int i);
  /// Its process becomes older than `settle`: what was sent before it began has landed, and is listed.
  void settle(int i);
  void list(int i);
  [[nodiscard]] RunQuestion question(S const& s, int i) const;
  /// A GET. A 404 settles the doubt if it began `settle` later, so that nothing can land any more.
  void answer(S& s, int i, int name) const;
  /// A pass begins: it reads the object and does its GETs.
  void read(int i, bool in_time);
  void reading(int i);
  void conflict(int i);
  void record(int i, S::Status const& status);
  void finalize(int i);
  void intend(int i, RunChoice const& choice);
  /// Of the wanted revision, and no other of that revision lives.
  [[nodiscard]] bool only_wanted(int name) const;
  /// The driver reads the job before it puts it with the reason: an ended one is left alone.
  void looking(int i);
  void sending(int i);
  /// TrainingRun's submit(): the answer goes to the status, unless something changed meanwhile.
  void answered(int i);
  /// TrainingRun's refused(): nothing of this request is in doubt, though an earlier one may be.
  void refused(int i);

  RunOptions const& options_;
  Policy& policy_;
  S const& now_;
  Steps<S>& into_;
  World const& world_;
};

}  // namespace trainyard::model
