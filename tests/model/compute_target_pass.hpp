// One operator: its lists and its passes.
#pragma once

#include "tests/model/compute_target_policy.hpp"
#include "tests/model/compute_target_world.hpp"

namespace trainyard::model {

class ComputeModel::Pass {
 public:
  Pass(ComputeOptions const& options, Policy& policy, ComputeState const& now, int op,
       Steps<ComputeState>& into)
      : options_(options),
        policy_(policy),
        now_(now),
        i_(op),
        op_(now.operators[op]),
        store_(now.stores[op_.store]),
        into_(into) {}
  void all();

 private:
  using S = ComputeState;
  template <class Label>
  Step<S>& add(S const& next, Kind kind, Label const& label) {
    return into_.add(next, kind, [&] { return who() + label(); });
  }
  [[nodiscard]] std::string who() const;
  [[nodiscard]] S::Operator& mine(S& s) const { return s.operators[i_]; }
  template <class State>
  [[nodiscard]] auto& store_in(State& s) const {
    return s.stores[op_.store];
  }
  [[nodiscard]] ComputeQuestion question(S const& s) const;
  [[nodiscard]] bool nothing_leaves_elsewhere() const;
  void rest(S& s) const;
  void heard(S& s) const;
  void saw(S& s, S::Status const& told) const;
  void inherits(S& s) const;

  void idle();
  void settle();
  void list();
  void read(bool in_time);
  void decided();
  void conflict();
  void record(S::Status const& status, S const& from, char const* label);
  void finalize();
  void intend(ComputeChoice const& choice);
  void sending();
  void answered();

  ComputeOptions const& options_;
  Policy& policy_;
  S const& now_;
  int i_;
  S::Operator const& op_;
  S::Store const& store_;
  Steps<S>& into_;
};

}  // namespace trainyard::model
