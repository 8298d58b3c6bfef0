// What happens around the operator: its user, the service, and requests that land; and what the judge knows.
#pragma once

#include "tests/model/training_run.hpp"

namespace trainyard::model {

[[nodiscard]] bool any_live(RunState const& state);
[[nodiscard]] bool has_doubt(RunState::Status const& status, int name);
std::string words_of(RunState::Request const& request);
std::string words_of(int name, RunState::Answer const& answer);

class RunModel::World {
  using S = RunState;
  using Byte = S::Byte;

 public:
  World(RunOptions const& options, RunState const& now, Steps<RunState>& into)
      : options_(options), now_(now), into_(into) {}
  void all();

  /// Whoever read the object before this finds another version when he writes.
  static void outdate(S& s, int but = -1);
  [[nodiscard]] bool index_is_current() const;
  /// The status goes, by loss or with its object: W3 for what somebody deleted.
  static void forget(S& s);
  [[nodiscard]] static Window excuse(S const& s);
  static void land(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches);
  static void sort_in_flight(S& s);
  static void restart(S& s, int i);

 private:
  template <class Label>
  Step<S>& add(S const& next, Kind kind, Label const& label) {
    return into_.add(next, kind, label);
  }
  void user();
  void cancel();
  static void finish(S& s, int name, S::Final how = S::Final::Yes);
  void job(int name);
  /// W3: the status does not say that the job was there, or a PUT of that name may still land.
  [[nodiscard]] Byte deletion_is_missed(int name) const;
  [[nodiscard]] S::Listed listed(int name) const;
  void index();
  void store_lost();
  static void create(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches);
  void late_requests();

  RunOptions const& options_;
  S const& now_;
  Steps<S>& into_;
};

}  // namespace trainyard::model
