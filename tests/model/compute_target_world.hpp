// What happens around the operator: people, Azure and requests that land; and what the judge knows of it.
#pragma once

#include "tests/model/compute_target.hpp"

namespace trainyard::model {

class ComputeModel::World {
 public:
  World(ComputeOptions const& options, ComputeState const& now, Steps<ComputeState>& into)
      : options_(options), now_(now), into_(into) {}
  void all();
  /// What a list would show becomes what is. False: it is so already.
  bool index();

  /// Whoever read that store's object before this finds another version when he writes.
  static void outdate(ComputeState& s, int store, int but = -1);
  /// The process begins anew; what is under way was sent before it.
  static void restart(ComputeState& s, int op);
  /// The pass of a store saw that what it took is its own.
  static void taken(ComputeState& s, int store);
  /// What a request does. False: Azure refuses it.
  bool land(ComputeState& s, ComputeState::Request const& request, std::vector<Breach>& breaches) const;
  static void sort_in_flight(ComputeState& s);
  /// Those are taken for settled.
  template <class Which>
  static void mark_overdue(ComputeState& s, Which const& which) {
    for (ComputeState::Request& request : s.in_flight)
      if (request.act != ComputeState::Act::None && which(request)) request.overdue = 1;
    sort_in_flight(s);
  }
  [[nodiscard]] static Window excuse_left(ComputeState const& s);
  static std::string words_of(ComputeState::Request const& request);
  static std::string words_of(ComputeState::Seen const& seen);

 private:
  template <class Change, class Label>
  Step<ComputeState>& step(Kind kind, Change const& change, Label const& label) {
    ComputeState next = now_;
    change(next);
    return into_.add(next, kind, label);
  }
  void user();
  [[nodiscard]] std::string in_store(int store) const;
  void edits();
  void applies(int store);
  void deletes(int store);
  void azure();
  void others();
  void late_requests();
  void waits(int store);
  void store_lost();

  static void remove(ComputeState& s, ComputeState::Request const& request, std::vector<Breach>& breaches);
  static void create(ComputeState& s, ComputeState::Request const& request, std::vector<Breach>& breaches);
  static void change(ComputeState& s, ComputeState::Request const& request, std::vector<Breach>& breaches);

  ComputeOptions const& options_;
  ComputeState const& now_;
  Steps<ComputeState>& into_;
};

}  // namespace trainyard::model
