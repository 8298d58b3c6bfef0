#include "tests/model/compute_target_pass.hpp"

#include <algorithm>

namespace trainyard::model {

namespace {

using S = ComputeState;
using Act = S::Act;
using Maker = S::Maker;
using Object = S::Object;
using Phase = S::Phase;
using Stage = S::Stage;
using Choice = ComputeChoice::Kind;

}  // namespace

void ComputeModel::Pass::all() {
  if (now_.crash > 0 && (op_.phase != Phase::Idle || op_.has_list != 0 || op_.settled != 0)) {
    S next = now_;
    --next.crash;
    World::restart(next, i_);
    add(next, Kind::Fault, [] { return " crashes"; });
  }
  switch (op_.phase) {
    case Phase::Idle:
      idle();
      break;
    case Phase::Read:
      decided();
      break;
    case Phase::Sending:
      sending();
      break;
    case Phase::Answered:
    case Phase::Refused:
      answered();
      break;
  }
}

std::string ComputeModel::Pass::who() const {
  return options_.operators > 1 ? "operator " + std::to_string(i_ + 1) : "the operator";
}

ComputeQuestion ComputeModel::Pass::question(S const& s) const {
  S::Operator const& op = s.operators[i_];
  ComputeQuestion question{.spec = options_.version_check ? store_in(s).spec : op.read_spec,
                           .status = options_.version_check ? store_in(s).status : op.read_status,
                           .seen = op.seen,
                           .asked = op.asked,
                           .in_time = op.in_time,
                           .settled = op.settled,
                           .clock = op.clock,
                           .holder = store_in(s).holder,
                           .waited = op.waited};
  if (question.spec.object == Object::Fresh) question.spec.object = Object::Live;
  return question;
}

bool ComputeModel::Pass::nothing_leaves_elsewhere() const {
  for (int other = 0; other < options_.operators; ++other)
    if (other != i_ && now_.operators[other].phase == Phase::Sending) return false;
  return true;
}

void ComputeModel::Pass::rest(S& s) const {
  S::Operator const& was = s.operators[i_];
  mine(s) = S::Operator{.store = was.store,
                        .settled = was.settled,
                        .has_list = was.has_list,
                        .outrun = was.outrun,
                        .outlived = was.outlived,
                        .dated = was.dated,
                        .cache = was.cache};
}

/// An answer enters the cache: what a list shows may be older now.
void ComputeModel::Pass::heard(S& s) const {
  S::Operator& op = mine(s);
  op.cache = s.compute;
  op.dated = 0;
  op.outlived = s.index_dated;
  op.outrun = s.index != s.compute || s.index_dated != 0;
}

/// What the pass saw goes to the status with what it writes.
void ComputeModel::Pass::saw(S& s, S::Status const& told) const {
  S::Truth& truth = s.truth;
  if (!s.made_elsewhere(op_.store) || !s.is_unheard(op_.store) || S::has(truth.judged, op_.store) ||
      op_.seen.created_on != s.compute.created_on)
    return;
  if (op_.asked != 0 && op_.seen.stage == Stage::Creating) S::put(truth.seen_creating, op_.store);
  if (told.origin == S::Origin::Created) S::put(truth.judged, op_.store);
}

/// A take believes the mark of a store that lives, which has not yet taken it off what is another's.
void ComputeModel::Pass::inherits(S& s) const {
  int const other = 1 - op_.store;
  bool const others_mark = op_.seen.tags.mark != 0 && op_.seen.tags.holder == s.stores[other].holder;
  if (s.truth.maker == Maker::Another && op_.seen.created_on == s.compute.created_on && others_mark &&
      !S::has(s.truth.mark_kept, other))
    S::put(s.truth.inherited, op_.store);
}

// ---- between passes

void ComputeModel::Pass::idle() {
  settle();
  list();
  if (store_.spec.object == Object::None) return;
  if (store_.spec.object == Object::Fresh && options_.finalizer) {
    S next = now_;
    store_in(next).spec.object = Object::Live;
    World::outdate(next, op_.store);
    add(next, Kind::Write, [] { return " adds the finalizer"; });
    return;
  }
  if (op_.has_list == 0) return;
  read(false);
  if (store_.status.doubt != S::Doubt::None) read(true);
}

/// Its process becomes older than `settle`: what was sent before it began has landed.
void ComputeModel::Pass::settle() {
  if (op_.settled != 0 || !nothing_leaves_elsewhere()) return;
  auto const sent_before = [&](S::Request const& request) { return (request.before >> i_ & 1) != 0; };
  bool const awaited = std::any_of(now_.in_flight.begin(), now_.in_flight.end(), sent_before);
  if (awaited && !options_.beyond_settle) return;
  S next = now_;
  World::mark_overdue(next, sent_before);
  mine(next).settled = 1;
  add(next, Kind::Plain, [] { return " is older than settle"; });
}

/// Rule 1: a list that began before an answer which was heard does not replace it.
void ComputeModel::Pass::list() {
  bool const began_before = op_.outrun != 0 && !options_.lag;
  if (began_before && (op_.has_list == 0 || options_.newest)) return;
  if (options_.newest && op_.outrun != 0 && policy_.is_stale(now_, op_)) return;
  S next = now_;
  S::Operator& op = mine(next);
  op.dated = op.outrun != 0 && (op.dated != 0 || op.has_list == 0 || op.cache != now_.index);
  op.has_list = 1;
  op.cache = now_.index;
  if (op.dated == op_.dated && op_.has_list != 0 && op.cache == op_.cache) return;
  add(next, Kind::Plain, [&] { return " lists " + World::words_of(op.cache); });
}

// ---- a pass

/// It reads the object and what is cached, and GETs the compute where that is not enough. `in_time`: the GET
/// begins `settle` after the doubt, so that nothing can land any more.
void ComputeModel::Pass::read(bool in_time) {
  auto const ours = [&](S::Request const& request) {
    return request.act != Act::None && request.store == op_.store;
  };
  bool const awaited =
      std::any_of(now_.in_flight.begin(), now_.in_flight.end(), ours) || !nothing_leaves_elsewhere();
  if (in_time && awaited && !options_.beyond_settle) return;
  S next = now_;
  S::Operator& op = mine(next);
  op.phase = Phase::Read;
  op.in_time = in_time;
  op.waited = store_.waited;
  op.seen = op.cache;
  if (!options_.version_check) {
    op.read_spec = store_.spec;
    op.read_status = store_.status;
  }
  ComputeChoice choice = policy_.decide(question(next));
  if (choice.kind == Choice::Get) {
    heard(next);
    op.seen = now_.compute;
    op.asked = 1;
    op.clock = now_.creations;
    if (in_time && awaited) World::mark_overdue(next, ours);
    choice = policy_.decide(question(next));
  }
  bool const theirs = op.seen.tags.mark != 0 && op.seen.tags.holder != store_.holder;
  if (theirs && op.seen.stage == Stage::Succeeded && choice.kind != Choice::Write &&
      store_.status.doubt == S::Doubt::None && !choice.status.gave_up(op.seen.created_on))
    store_in(next).let_be = 1;
  bool const own_mark = op.seen.tags.mark != 0 && op.seen.tags.holder == store_.holder;
  if (own_mark && op.seen.stage == Stage::Succeeded && choice.kind != Choice::Write &&
      choice.status.doubt == S::Doubt::None && choice.status.origin == S::Origin::Adopted &&
      now_.truth.maker == Maker::Another && op.seen.created_on == now_.compute.created_on)
    S::put(next.truth.mark_kept, op_.store);
  std::string_view const how = op.asked == 0 ? " rests on " : in_time ? " GETs, after settle, " : " GETs ";
  S::Seen const seen = op.seen;
  if (choice.kind == Choice::Wait && choice.status == store_.status) {
    rest(next);
    if (op.cache == op_.cache && op.outrun == op_.outrun && op.dated == op_.dated) return;
  }
  add(next, Kind::Plain, [&] { return std::string(how) + World::words_of(seen); });
}

void ComputeModel::Pass::decided() {
  ComputeChoice const& choice = policy_.decide(question(now_));
  bool const writes = choice.kind == Choice::Write;
  if (op_.stale != 0 && (options_.version_check || !writes)) return conflict();
  if (choice.kind == Choice::Finalize) return finalize();
  if (writes) return intend(choice);
  record(choice.status, now_, " writes the status");
}

void ComputeModel::Pass::conflict() {
  S next = now_;
  rest(next);
  add(next, Kind::Plain, [] { return " meets a conflict"; });
}

void ComputeModel::Pass::record(S::Status const& status, S const& from, char const* label) {
  S next = from;
  if (status.taken != store_.status.taken) World::taken(next, op_.store);
  store_in(next).status = status;
  saw(next, status);
  World::outdate(next, op_.store, i_);
  rest(next);
  Step<S>& step =
      add(next, Kind::Write, [&] { return label + std::string(status.ready != 0 ? ", ready" : ""); });
  bool const true_now =
      now_.compute.stage == Stage::Succeeded && now_.compute.created_on == op_.seen.created_on;
  if (status.ready != 0 && store_.status.ready == 0 && op_.asked == 0 && op_.dated != 0 && !true_now)
    step.breaches.push_back({Promise::StaleReady});
}

void ComputeModel::Pass::finalize() {
  S next = now_;
  store_in(next).spec.object = Object::None;
  store_in(next).status = {};
  bool const ours = now_.truth.maker == Maker::Us && now_.truth.left == 0 && !next.anybody();
  if (ours) next.truth.left = 1;
  next.absent_when_released = !op_.seen.there();
  World::outdate(next, op_.store, i_);
  rest(next);
  Step<S>& step = add(next, Kind::Write, [] { return " removes the finalizer"; });
  if (ours && store_.spec.retain == 0) step.breaches.push_back({Promise::LivesOn, World::excuse_left(now_)});
}

void ComputeModel::Pass::intend(ComputeChoice const& choice) {
  S next = now_;
  rest(next);
  S::Operator& op = mine(next);
  op.phase = Phase::Sending;
  op.request = choice.request;
  op.request.store = op_.store;
  saw(next, choice.status);
  if (choice.request.act == Act::Take) inherits(next);
  if (options_.intent) {
    S::Status& told = store_in(next).status;
    if (choice.status.taken != told.taken) World::taken(next, op_.store);
    told = choice.status;
    told.doubt = choice.request.act == Act::Take ? S::Doubt::Take : S::Doubt::Any;
    told.ready = 0;
    World::outdate(next, op_.store, i_);
  }
  Step<S>& step = add(next, Kind::Write, [&] { return " intends " + World::words_of(choice.request); });
  bool const deletes = choice.request.act == Act::Delete && question(now_).spec.object == Object::Deleting;
  if (deletes && store_.spec.retain != 0) step.breaches.push_back({Promise::DeletedKept});
}

void ComputeModel::Pass::sending() {
  S::Request const request = op_.request;
  auto const label = [&](char const* end) {
    return [&, end] { return " sends " + World::words_of(request) + end; };
  };
  S next = now_;
  std::vector<Breach> breaches;
  bool const done = World(options_, now_, into_).land(next, request, breaches);
  mine(next).phase = done ? Phase::Answered : Phase::Refused;
  if (done) {
    mine(next).seen = next.compute;
    heard(next);
  }
  add(next, Kind::Write, label(done ? ", answered" : ", refused")).breaches = breaches;
  if (now_.late > 0 && now_.in_flight[1].act == Act::None) {
    next = now_;
    --next.late;
    next.in_flight[1] = request;
    World::sort_in_flight(next);
    rest(next);
    add(next, Kind::Fault, label(": no answer"));
  }
  if (now_.refuse > 0) {
    next = now_;
    --next.refuse;
    mine(next).phase = Phase::Refused;
    add(next, Kind::Fault, label(": a no"));
  }
}

/// The answer goes to the status, unless something changed meanwhile; that of a take counts once it is seen,
/// unless it met another compute.
void ComputeModel::Pass::answered() {
  if (op_.stale != 0 && options_.version_check) return conflict();
  S::Status status = store_.status;
  S next = now_;
  bool const put = op_.request.act != Act::Delete;
  bool const take = op_.request.act == Act::Take && op_.phase == Phase::Answered &&
                    op_.seen.created_on == op_.request.target;
  if (!take) status.doubt = S::Doubt::None;
  if (op_.phase == Phase::Answered && put && !take) {
    status = policy_.answered(status, op_.seen, op_.request.target);
    bool const heard = next.made_elsewhere(op_.store) && next.compute.created_on == op_.seen.created_on;
    if (heard && !S::has(next.truth.judged, op_.store))
      next.truth.unheard = static_cast<S::Byte>(next.truth.unheard & ~(1U << op_.store));
  }
  record(status, next, " notes the answer");
}

}  // namespace trainyard::model
