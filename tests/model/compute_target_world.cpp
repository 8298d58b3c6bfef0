#include "tests/model/compute_target_world.hpp"

#include <algorithm>

namespace trainyard::model {

namespace {

using S = ComputeState;
using Byte = S::Byte;
using Act = S::Act;
using Maker = S::Maker;
using Object = S::Object;
using Phase = S::Phase;
using Stage = S::Stage;

/// It changes nothing but our mark.
bool is_tagging(S::Request const& request) {
  return request.act == Act::Mark || request.act == Act::Take || request.act == Act::Unmark;
}

/// What that store made it takes for another's, and does not take back.
bool is_disowned(S const& s) {
  S::Status const& status = s.stores[s.truth.store].status;
  return s.truth.disowned != 0 && status.origin == S::Origin::Adopted &&
         status.created_on == s.compute.created_on;
}

/// Another's: why may it be taken for ours?
Window excuse_theirs(S const& s, int store) {
  if (s.w1 != 0) return Window::W1;
  if (s.is_unheard(store) && !S::has(s.truth.seen_creating, store)) return Window::W7;
  if (S::has(s.truth.inherited, store) && s.stores[store].waited != 0) return Window::W11;
  return s.w9 != 0 ? Window::W9 : Window::None;
}

}  // namespace

std::string ComputeModel::World::words_of(S::Request const& request) {
  static char const* const kWords[] = {"",         "PUT create", "PUT update", "PUT mark",
                                       "PUT take", "PUT unmark", "DELETE"};
  std::string text = kWords[static_cast<std::size_t>(request.act)];
  if (request.target != 0) text += " #" + std::to_string(request.target);
  return text;
}

std::string ComputeModel::World::words_of(S::Seen const& seen) {
  static char const* const kWords[] = {"404", "Creating", "Succeeded", "Failed", "Deleting"};
  std::string text = kWords[static_cast<std::size_t>(seen.stage)];
  if (!seen.there()) return text;
  text += " #" + std::to_string(seen.created_on) + " size " + std::to_string(seen.size);
  return seen.tags.mark != 0 ? text + " marked by " + std::to_string(seen.tags.holder) : text;
}

void ComputeModel::World::all() {
  user();
  azure();
  others();
  index();
  late_requests();
  store_lost();
  for (int store = 0; store < options_.stores; ++store) waits(store);
}

void ComputeModel::World::outdate(S& s, int store, int but) {
  for (int i = 0; i < 2; ++i)
    if (i != but && s.operators[i].store == store && s.operators[i].phase != Phase::Idle)
      s.operators[i].stale = 1;
}

void ComputeModel::World::restart(S& s, int op) {
  s.operators[op] = S::Operator{.store = s.operators[op].store, .outrun = 1, .outlived = s.index_dated};
  for (S::Request& request : s.in_flight)
    if (request.act != Act::None) request.before = static_cast<Byte>(request.before | 1U << op);
  sort_in_flight(s);
}

void ComputeModel::World::sort_in_flight(S& s) {
  if (s.in_flight[0] < s.in_flight[1]) std::swap(s.in_flight[0], s.in_flight[1]);
}

void ComputeModel::World::taken(S& s, int store) {
  s.stores[store].waited = 0;
  for (S::Request& request : s.in_flight)
    if (request.act != Act::None) request.before = static_cast<Byte>(request.before | 4U << store);
  sort_in_flight(s);
}

/// `settle` has gone by since that store saw its mark in the place of another's.
void ComputeModel::World::waits(int store) {
  S::Store const& taker = now_.stores[store];
  if (taker.status.taken == 0 || taker.waited != 0) return;
  auto const earlier = [&](S::Request const& request) { return (request.before >> (2 + store) & 1) != 0; };
  bool const awaited = std::any_of(now_.in_flight.begin(), now_.in_flight.end(), earlier);
  bool const leaves = std::any_of(now_.operators.begin(), now_.operators.end(),
                                  [](S::Operator const& op) { return op.phase == Phase::Sending; });
  if (leaves || (awaited && !options_.beyond_settle)) return;
  step(
      Kind::Plain,
      [&](S& s) {
        s.stores[store].waited = 1;
        mark_overdue(s, earlier);
        S::Store const& other = s.stores[1 - store];
        bool const taken = s.compute.tags.holder == taker.holder && other.let_be == 0;
        if (other.spec.object == Object::Live && taken) s.w11 = 1;
      },
      [&] { return "it was taken more than settle ago" + in_store(store); });
}

// ---- Azure

void ComputeModel::World::azure() {
  auto const becomes = [&](Stage stage, Kind kind, char const* label) {
    step(
        kind,
        [&](S& s) {
          if (kind == Kind::Fault) --s.fail;
          s.compute.stage = stage;
          s.modify();
          if (stage != Stage::Absent) return;
          s.compute = {};
          s.truth = {};
        },
        [&] { return std::string(label); });
  };
  if (now_.compute.stage == Stage::Creating) {
    becomes(Stage::Succeeded, Kind::Plain, "the compute succeeds");
    if (now_.fail > 0 && now_.compute.as_created != 0)
      becomes(Stage::Failed, Kind::Fault, "the compute fails");
  }
  if (now_.compute.stage == Stage::Deleting) {
    becomes(Stage::Absent, Kind::Plain, "the compute is gone");
    if (now_.fail > 0) becomes(Stage::Succeeded, Kind::Fault, "its deletion fails");
  }
}

bool ComputeModel::World::index() {
  auto const outrun = [](S::Operator const& op) { return op.outrun != 0; };
  bool const current = now_.index == now_.compute && now_.index_dated == 0;
  if (current && std::none_of(now_.operators.begin(), now_.operators.begin() + options_.operators, outrun))
    return false;
  step(
      Kind::Plain,
      [](S& s) {
        s.index = s.compute;
        s.index_dated = 0;
        for (S::Operator& op : s.operators) op.outrun = op.outlived = 0;
      },
      [] { return std::string("what a list would show is up to date"); });
  return true;
}

// ---- requests

Window ComputeModel::World::excuse_left(S const& s) {
  if (s.w1 != 0) return Window::W1;
  if (s.w10 != 0) return Window::W10;
  if (s.w11 != 0) return Window::W11;
  if (s.truth.in_w12 != 0) return Window::W12;
  return Window::None;
}

bool ComputeModel::World::land(S& s, S::Request const& request, std::vector<Breach>& breaches) const {
  if (request.overdue != 0) s.w1 = 1;
  if (request.act == Act::Delete) {
    remove(s, request, breaches);
    return true;
  }
  if (s.compute.stage == Stage::Deleting || s.compute.stage == Stage::Failed) return false;
  if (s.compute.there())
    change(s, request, breaches);
  else if (s.creations == options_.creations)
    return false;
  else
    create(s, request, breaches);
  return true;
}

void ComputeModel::World::remove(S& s, S::Request const& request, std::vector<Breach>& breaches) {
  if (!s.compute.there()) return;
  bool const replaced = request.target != s.compute.created_on;
  Window const window = replaced ? Window::W8 : excuse_theirs(s, request.store);
  if (s.truth.maker == Maker::Another && s.compute.stage != Stage::Deleting)
    breaches.push_back({Promise::DeletedOther, window});
  S::Store const& maker = s.stores[s.truth.store];
  bool const alive = s.compute.stage == Stage::Creating || s.compute.stage == Stage::Succeeded;
  if (s.truth.maker == Maker::Us && s.made_elsewhere(request.store) && alive &&
      maker.spec.object == Object::Live && !maker.status.gave_up(s.compute.created_on))
    breaches.push_back({Promise::DeletedOther, replaced         ? window
                                               : s.w11 != 0     ? Window::W11
                                               : is_disowned(s) ? Window::W12
                                                                : window});
  s.compute.stage = Stage::Deleting;
}

void ComputeModel::World::create(S& s, S::Request const& request, std::vector<Breach>& breaches) {
  bool const late = s.absent_when_released != 0 && s.w1 == 0;  // it was not gone, but to come
  if (!s.anybody()) breaches.push_back({Promise::LivesOn, late ? Window::None : excuse_left(s)});
  s.compute = {.stage = Stage::Creating,
               .created_on = ++s.creations,
               .as_created = 1,
               .size = request.size,
               .tags = request.tags};
  s.truth = {
      .maker = Maker::Us, .store = request.store, .in_w12 = request.act == Act::Unmark, .left = !s.anybody()};
  s.index_dated = 1;
}

void ComputeModel::World::change(S& s, S::Request const& request, std::vector<Breach>& breaches) {
  bool const theirs = s.truth.maker == Maker::Another;
  bool const replaced = request.target != s.compute.created_on;
  bool const keeps = is_tagging(request) && request.size == s.compute.size;
  if (theirs && (replaced || !keeps))
    breaches.push_back({Promise::OverwroteOther, !request.looked ? Window::None
                                                 : replaced || is_tagging(request)
                                                     ? Window::W6
                                                     : excuse_theirs(s, request.store)});
  bool const claims = !is_tagging(request) || (replaced && request.act != Act::Unmark);
  if (s.made_elsewhere(request.store) && claims) S::put(s.truth.unheard, request.store);
  if (!theirs && request.tags.mark != 0) s.truth.in_w12 = 0;
  S::Status const& told = s.stores[s.truth.store].status;
  bool const known = told.origin == S::Origin::Created && told.created_on == s.compute.created_on;
  if (!theirs && s.made_elsewhere(request.store) && request.tags.mark == 0 && !known) s.truth.in_w12 = 1;
  if (request.act == Act::Take) s.stores[1 - request.store].let_be = 0;
  s.compute.stage = Stage::Creating;
  s.compute.size = request.size;
  s.compute.tags = request.tags;
  s.modify();
}

void ComputeModel::World::late_requests() {
  for (int i = 0; i < 2; ++i) {
    S::Request const request = now_.in_flight[i];
    if (request.act == Act::None || (i == 1 && request == now_.in_flight[0])) continue;
    auto const arrived = [&](S& s) {
      s.in_flight[i] = {};
      sort_in_flight(s);
    };
    step(Kind::Plain, arrived, [&] { return "the late " + words_of(request) + " never lands"; });
    std::vector<Breach> breaches;
    step(
        Kind::Plain,
        [&](S& s) {
          arrived(s);
          land(s, request, breaches);
        },
        [&] { return "the late " + words_of(request) + " lands"; })
        .breaches = breaches;
  }
}

}  // namespace trainyard::model
