// What users, other people and the loss of the state do.
#include <algorithm>

#include "tests/model/compute_target_world.hpp"

namespace trainyard::model {

namespace {

using S = ComputeState;
using Byte = S::Byte;
using Act = S::Act;
using Maker = S::Maker;
using Object = S::Object;
using Phase = S::Phase;
using Stage = S::Stage;

bool is_put(S::Request const& request) { return request.act != Act::None && request.act != Act::Delete; }

bool put_under_way(S const& s) {
  return std::any_of(s.in_flight.begin(), s.in_flight.end(), is_put) ||
         std::any_of(s.operators.begin(), s.operators.end(),
                     [](S::Operator const& op) { return op.phase == Phase::Sending && is_put(op.request); });
}

}  // namespace

void ComputeModel::World::user() {
  if (now_.user == 0) return;
  for (int store = 0; store < options_.stores; ++store) {
    Object const object = now_.stores[store].spec.object;
    if (object == Object::None) applies(store);
    if (object == Object::Fresh || object == Object::Live) deletes(store);
  }
  edits();
}

std::string ComputeModel::World::in_store(int store) const {
  return options_.stores == 1 ? "" : " in store " + std::to_string(store + 1);
}

void ComputeModel::World::applies(int store) {
  step(
      Kind::Fault,
      [&](S& s) {
        --s.user;
        s.stores[store].spec = {.object = Object::Fresh, .size = now_.stores[store].spec.size};
        if (s.compute.tags.mark != 0) s.truth.left = 0;  // it is known again
        s.absent_when_released = 0;
      },
      [&] { return "the user applies it again" + in_store(store); });
}

/// One manifest, applied to each store.
void ComputeModel::World::edits() {
  auto const edit = [&](Byte S::Spec::*field, char const* label) {
    step(
        Kind::Fault,
        [&](S& s) {
          --s.user;
          for (int store = 0; store < options_.stores; ++store) {
            s.stores[store].spec.*field ^= 1;
            outdate(s, store);
          }
        },
        [&] { return std::string(label); });
  };
  if (options_.retain && now_.anybody()) edit(&S::Spec::retain, "the user changes the deletionPolicy");
  if (std::any_of(now_.stores.begin(), now_.stores.end(), [](S::Store const& store) {
        return store.spec.object == Object::Fresh || store.spec.object == Object::Live;
      }))
    edit(&S::Spec::size, "the user edits the size");
}

void ComputeModel::World::deletes(int store) {
  S::Store const& from = now_.stores[store];
  bool const goes = from.spec.object == Object::Fresh;  // nothing holds it
  // Not promised: that an object whose finalizer a lost store took along is not gone before it is back.
  if (goes && from.rebuilt != 0) return;
  S next = now_;
  --next.user;
  outdate(next, store);
  next.stores[store].spec.object = goes ? Object::None : Object::Deleting;
  if (goes) next.stores[store].status = {};
  bool const left = goes && !next.anybody() && now_.truth.maker == Maker::Us;
  if (left) next.truth.left = 1;
  Step<S>& deleted = into_.add(next, Kind::Fault, [&] { return "the user deletes it" + in_store(store); });
  if (left && from.spec.retain == 0) deleted.breaches.push_back({Promise::LivesOn, excuse_left(now_)});
}

void ComputeModel::World::others() {
  if (now_.hand == 0) return;
  auto const act = [&](auto const& change, char const* label) {
    step(
        Kind::Fault,
        [&](S& s) {
          --s.hand;
          change(s);
        },
        [&] { return std::string(label); });
  };
  Stage const stage = now_.compute.stage;
  if (stage == Stage::Absent) {
    if (now_.creations == options_.creations) return;
    act(
        [](S& s) {
          s.compute = {.stage = Stage::Succeeded, .created_on = ++s.creations, .size = 1};
          s.truth = {.maker = Maker::Another};
          s.index_dated = 1;
        },
        "another creates one of this name");
    return;
  }
  if (stage == Stage::Deleting) return;
  act([](S& s) { s.compute.stage = Stage::Deleting; }, "another deletes the compute");
  if (stage == Stage::Failed) return;
  act(
      [&](S& s) {
        s.modify();
        if (options_.wipe) s.compute.tags = {};
        s.compute.size ^= 1;
        s.compute.stage = Stage::Creating;
        bool const known = s.stores[s.truth.store].status.created_on == s.compute.created_on;
        if (s.truth.maker == Maker::Us && (!known || options_.wipe)) s.truth.in_w12 = 1;
        if (s.truth.maker == Maker::Us && !known) s.truth.disowned = 1;
      },
      "another changes the compute");
}

void ComputeModel::World::store_lost() {
  S::Store const& before = now_.stores[0];
  if (now_.loss == 0 || before.spec.object == Object::None) return;
  step(
      Kind::Fault,
      [&](S& s) {
        --s.loss;
        S::Spec spec = before.spec;
        spec.object = Object::Fresh;
        s.stores[0] = {.spec = spec, .holder = static_cast<Byte>(before.holder + 2), .rebuilt = 1};
        if (put_under_way(s)) s.w9 = s.w10 = 1;
        if (s.truth.maker == Maker::Another && s.compute.tags.mark != 0) s.w9 = 1;
        for (int i = 0; i < options_.operators; ++i)
          if (s.operators[i].store == 0) restart(s, i);
      },
      [] { return std::string("the store is lost, and rebuilt from the manifest"); });
}

}  // namespace trainyard::model
