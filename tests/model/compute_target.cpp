#include "tests/model/compute_target.hpp"

#include <algorithm>

#include "tests/model/compute_target_pass.hpp"

namespace trainyard::model {

namespace {

using O = ComputeOptions;
using S = ComputeState;

constexpr Option<O> kOptions[] = {{"user", &O::user},
                                  {"crash", &O::crash},
                                  {"late", &O::late},
                                  {"loss", &O::loss},
                                  {"hand", &O::hand},
                                  {"fail", &O::fail},
                                  {"refuse", &O::refuse},
                                  {"creations", &O::creations},
                                  {"operators", &O::operators},
                                  {"stores", &O::stores},
                                  {"leaving", &O::leaving},
                                  {"retain", &O::retain},
                                  {"wipe", &O::wipe},
                                  {"replace", &O::replace},
                                  {"lag", &O::lag},
                                  {"index", &O::index},
                                  {"beyond_settle", &O::beyond_settle},
                                  {"finalizer", &O::finalizer},
                                  {"intent", &O::intent},
                                  {"version_check", &O::version_check},
                                  {"doubt", &O::doubt},
                                  {"young", &O::young},
                                  {"get_before_put", &O::get_before_put},
                                  {"newest", &O::newest},
                                  {"azure_clock", &O::azure_clock},
                                  {"created_tag", &O::created_tag},
                                  {"as_created", &O::as_created},
                                  {"answer", &O::answer},
                                  {"while_creating", &O::while_creating},
                                  {"remember", &O::remember},
                                  {"unmark", &O::unmark},
                                  {"delete_failed", &O::delete_failed},
                                  {"take_once", &O::take_once},
                                  {"await_taker", &O::await_taker}};

/// A request of the lost store came after ours, and looks like one of a store that lives.
bool is_told_as_theirs(S const& s, S::Store const& store) {
  return store.status.origin == S::Origin::Adopted && store.status.taken == s.compute.created_on &&
         s.compute.tags.mark != 0 && s.compute.tags.holder != store.holder &&
         s.compute.size != store.spec.size;
}

/// While the object is there: what is usable is told as such, what is ours is as it was asked for, and no
/// mark is on what is not.
bool is_kept(S const& s, S::Store const& store) {
  S::Status const& status = store.status;
  if (status.doubt != S::Doubt::None || status.created_on != s.compute.created_on) return false;
  if (s.compute.stage != S::Stage::Succeeded) return false;
  if (status.ready == 0) return s.w10 != 0 && is_told_as_theirs(s, store);
  bool const marked = s.compute.tags.mark != 0 && s.compute.tags.holder == store.holder;
  return status.origin == S::Origin::Created ? marked && s.compute.size == store.spec.size : !marked;
}

bool rests(ComputeOptions const& options, S const& s, S::Store const& store) {
  switch (store.spec.object) {
    case S::Object::None:
      return true;
    case S::Object::Fresh:
      return !options.finalizer && is_kept(s, store);
    case S::Object::Live:
      return is_kept(s, store);
    case S::Object::Deleting:
      break;
  }
  return false;
}

}  // namespace

std::span<Option<ComputeOptions> const> compute_options() { return kOptions; }

ComputeModel::ComputeModel(ComputeOptions const& options)
    : options_(options), policy_(std::make_unique<Policy>(options)) {
  options_.operators = std::max(options_.operators, options_.stores);
}
ComputeModel::~ComputeModel() = default;

S ComputeModel::initial() const {
  S s;
  for (int store = 0; store < options_.stores; ++store)
    s.stores[store] = {.spec = {.object = S::Object::Fresh}, .holder = static_cast<S::Byte>(1 + store)};
  if (options_.stores == 2) s.operators[1].store = 1;
  if (options_.leaving) s.stores[0].spec.object = S::Object::Deleting;
  s.user = static_cast<S::Byte>(options_.user);
  s.crash = static_cast<S::Byte>(options_.crash);
  s.late = static_cast<S::Byte>(options_.late);
  s.loss = static_cast<S::Byte>(options_.loss);
  s.hand = static_cast<S::Byte>(options_.hand);
  s.fail = static_cast<S::Byte>(options_.fail);
  s.refuse = static_cast<S::Byte>(options_.refuse);
  return s;
}

void ComputeModel::steps(S const& state, Steps<S>& into) {
  if (at_bound(state)) return;
  World world(options_, state, into);
  if (!options_.index && world.index()) return;  // at once
  world.all();
  for (int op = 0; op < options_.operators; ++op) Pass(options_, *policy_, state, op, into).all();
}

std::size_t ComputeModel::decisions() const { return policy_->size(); }

/// Nothing more is explored.
bool ComputeModel::at_bound(S const& s) const {
  return s.creations == options_.creations && !s.compute.there();
}

bool ComputeModel::at_rest(S const& s) const {
  if (at_bound(s)) return true;
  if (s.in_flight[0].act != S::Act::None) return false;
  for (S::Operator const& op : s.operators)
    if (op.phase != S::Phase::Idle && op.phase != S::Phase::Read) return false;
  if (s.anybody())
    return std::all_of(s.stores.begin(), s.stores.end(),
                       [&](S::Store const& store) { return rests(options_, s, store); });
  if (s.truth.maker == S::Maker::Another)
    return s.compute.tags.mark == 0 || s.truth.unheard != 0 || s.w1 != 0 || s.w9 != 0;
  return !s.compute.there() || s.truth.left != 0;
}

std::string ComputeModel::text(S const& s) const {
  static char const* const kObjects[] = {"no object", "a new object", "the object", "the object, deleting"};
  static char const* const kMakers[] = {"", " ours", " another's"};
  static char const* const kOrigins[] = {"", "Created", "Adopted"};
  std::string text = World::words_of(s.compute) + kMakers[static_cast<std::size_t>(s.truth.maker)];
  for (int i = 0; i < options_.stores; ++i) {
    S::Spec const& spec = s.stores[i].spec;
    S::Status const& status = s.stores[i].status;
    text += std::string("; ") + kObjects[static_cast<std::size_t>(spec.object)] + " of size " +
            std::to_string(spec.size) + ", status: " + kOrigins[static_cast<std::size_t>(status.origin)] +
            " #" + std::to_string(status.created_on) + (status.doubt != S::Doubt::None ? ", in doubt" : "") +
            (status.taken != 0 ? ", taken" : "") + (status.ready != 0 ? ", ready" : "");
  }
  return text;
}

}  // namespace trainyard::model
