#include "tests/model/compute_target.hpp"

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
                                  {"operators", &O::operators},
                                  {"retain", &O::retain},
                                  {"wipe", &O::wipe},
                                  {"replace", &O::replace},
                                  {"lag", &O::lag},
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
                                  {"delete_failed", &O::delete_failed}};

/// While the object is there: what is usable is told as such, what is ours is as it was asked for, and no
/// mark is on what is not.
bool is_kept(S const& s) {
  if (s.status.doubt != 0 || s.status.created_on != s.compute.created_on) return false;
  if (s.compute.stage != S::Stage::Succeeded || s.status.ready == 0) return false;
  if (s.status.origin == S::Origin::Created) return s.compute.size == s.spec.size;
  return s.compute.tags.mark == 0;
}

}  // namespace

std::span<Option<ComputeOptions> const> compute_options() { return kOptions; }

ComputeModel::ComputeModel(ComputeOptions const& options)
    : options_(options), policy_(std::make_unique<Policy>(options)) {}
ComputeModel::~ComputeModel() = default;

S ComputeModel::initial() const {
  S s;
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
  World(options_, state, into).all();
  for (int op = 0; op < options_.operators; ++op) Pass(options_, *policy_, state, op, into).all();
}

std::size_t ComputeModel::decisions() const { return policy_->size(); }

bool ComputeModel::at_rest(S const& s) const {
  if (s.in_flight[0].act != S::Act::None) return false;
  for (S::Operator const& op : s.operators)
    if (op.phase != S::Phase::Idle && op.phase != S::Phase::Read) return false;
  if (s.creations == kMostCreations && !s.compute.there()) return true;  // the bound of the model
  switch (s.spec.object) {
    case S::Object::None:
      if (s.truth.maker == S::Maker::Another)
        return s.compute.tags.mark == 0 || s.truth.unheard != 0 || s.w1 != 0 || s.w9 != 0;
      return !s.compute.there() || s.truth.left != 0;
    case S::Object::Fresh:
      return !options_.finalizer && is_kept(s);
    case S::Object::Live:
      return is_kept(s);
    case S::Object::Deleting:
      break;
  }
  return false;
}

std::string ComputeModel::text(S const& s) const {
  static char const* const kObjects[] = {"no object", "a new object", "the object", "the object, deleting"};
  static char const* const kMakers[] = {"", " ours", " another's"};
  static char const* const kOrigins[] = {"", "Created", "Adopted"};
  return std::string(kObjects[static_cast<std::size_t>(s.spec.object)]) + " of size " +
         std::to_string(s.spec.size) + "; " + World::words_of(s.compute) +
         kMakers[static_cast<std::size_t>(s.truth.maker)] +
         "; status: " + kOrigins[static_cast<std::size_t>(s.status.origin)] + " #" +
         std::to_string(s.status.created_on) + (s.status.doubt != 0 ? ", in doubt" : "") +
         (s.status.ready != 0 ? ", ready" : "");
}

}  // namespace trainyard::model
