#include "tests/model/training_run_pass.hpp"

namespace trainyard::model {

namespace {

using S = RunState;
using Byte = S::Byte;
using Object = S::Object;
using Reason = S::Reason;
using Act = S::Act;
using Phase = S::Phase;
using Get = S::Get;

void drop_doubt(S::Status& status, int name) {
  status.doubts = static_cast<Byte>(status.doubts & ~(1U << name));
}

/// A PUT of that name may be on its way: a reason is one too.
bool is_put(S::Request const& request, int name) {
  return request.name == name && (request.act == Act::Create || request.act == Act::WriteReason);
}

}  // namespace

void RunModel::Pass::rest(S& s, int i) {
  S::Operator& op = s.operators[i];
  S::Operator ended{
      .settled = op.settled, .has_list = op.has_list, .list_settled = op.list_settled, .list = op.list};
  op = ended;
}

std::string RunModel::Pass::who(int i) const {
  return options_.operators > 1 ? "operator " + std::to_string(i + 1) : "the operator";
}

void RunModel::Pass::operate(int i) {
  S::Operator const& op = now_.operators[i];
  if (now_.crash > 0 && (op.phase != Phase::Idle || op.has_list != 0 || op.settled != 0)) {
    S next = now_;
    --next.crash;
    World::restart(next, i);
    add(next, Kind::Fault, [&] { return who(i) + " crashes"; });
  }
  switch (op.phase) {
    case Phase::Idle:
      idle(i);
      break;
    case Phase::Reading:
      reading(i);
      break;
    case Phase::Looking:
      looking(i);
      break;
    case Phase::Sending:
      sending(i);
      break;
    case Phase::Answered:
      answered(i);
      break;
    case Phase::Refused:
      refused(i);
      break;
  }
}

void RunModel::Pass::idle(int i) {
  settle(i);
  list(i);
  Object const object = now_.spec.object;
  if (object == Object::None) return;
  if (object == Object::Fresh && options_.finalizer) {
    S next = now_;
    next.spec.object = Object::Live;
    World::outdate(next);
    add(next, Kind::Write, [&] { return who(i) + " adds the finalizer"; });
    return;
  }
  read(i, false);
  if (now_.status.doubts != 0) read(i, true);
}

void RunModel::Pass::settle(int i) {
  if (now_.operators[i].settled != 0 || !world_.index_is_current()) return;
  for (int other = 0; other < options_.operators; ++other)
    if (other != i && now_.operators[other].phase == Phase::Sending) return;
  S next = now_;
  for (S::Request& request : next.in_flight) {
    if ((request.before >> i & 1) == 0) continue;
    if (!options_.beyond_settle) return;
    request.overdue = 1;
  }
  World::sort_in_flight(next);
  next.operators[i].settled = 1;
  add(next, Kind::Plain, [&] { return who(i) + " is older than settle"; });
}

void RunModel::Pass::list(int i) {
  S next = now_;
  S::Operator& op = next.operators[i];
  op.has_list = 1;
  op.list_settled = op.settled;
  op.list = now_.index;
  S::Operator const& was = now_.operators[i];
  if (was.has_list == 1 && was.list_settled == op.list_settled && op.list == was.list) return;
  add(next, Kind::Plain, [&] { return who(i) + " lists"; });
}

RunQuestion RunModel::Pass::question(S const& s, int i) const {
  S::Operator const& op = s.operators[i];
  RunQuestion question{.spec = options_.version_check ? s.spec : op.read_spec,
                       .holder = s.holder,
                       .has_list = op.has_list,
                       .list_settled = op.list_settled,
                       .status = options_.version_check ? s.status : op.read_status};
  question.list = op.list;
  question.gets = op.gets;
  if (question.spec.object == Object::Fresh) question.spec.object = Object::Live;
  return question;
}

void RunModel::Pass::answer(S& s, int i, int name) const {
  S::Operator& op = s.operators[i];
  S::JobState const& job = s.jobs[name];
  if (job.there()) {
    op.gets[name] = {.get = Get::Found, .job = job.job, .reason = job.reason, .holder = job.holder};
    return;
  }
  op.gets[name] = {.get = Get::Absent};
  if (op.in_time == 0 || !has_doubt(s.status, name)) return;
  for (int other = 0; other < options_.operators; ++other)
    if (other != i && s.operators[other].phase == Phase::Sending && is_put(s.operators[other].request, name))
      return;
  for (S::Request& request : s.in_flight) {
    if (request.act != Act::Create || request.name != name) continue;
    if (!options_.beyond_settle) return;
    request.overdue = 1;
  }
  World::sort_in_flight(s);
  op.gets[name].get = Get::AbsentAfterSettle;
}

void RunModel::Pass::read(int i, bool in_time) {
  S next = now_;
  S::Operator& op = next.operators[i];
  op.phase = Phase::Reading;
  op.in_time = in_time ? 1 : 0;
  if (!options_.version_check) {
    op.read_spec = now_.spec;
    op.read_status = now_.status;
  }
  std::string gets;
  if (options_.atomic_reads) {
    RunChoice choice = policy_.decide(question(next, i));
    for (; choice.kind == RunChoice::Kind::Get; choice = policy_.decide(question(next, i))) {
      answer(next, i, choice.name);
      gets += words_of(choice.name, op.gets[choice.name]);
    }
    if (choice.kind == RunChoice::Kind::Wait && choice.status == now_.status) return;
  }
  add(next, Kind::Plain, [&] { return who(i) + " reads" + gets; });
}

void RunModel::Pass::reading(int i) {
  RunChoice const choice = policy_.decide(question(now_, i));
  S next = now_;
  S::Operator& op = next.operators[i];
  if (choice.kind == RunChoice::Kind::Get) {
    answer(next, i, choice.name);
    add(next, Kind::Plain, [&] { return who(i) + " reads" + words_of(choice.name, op.gets[choice.name]); });
    return;
  }
  bool const sends = choice.kind == RunChoice::Kind::Create || choice.kind == RunChoice::Kind::WriteReason ||
                     choice.kind == RunChoice::Kind::Cancel;
  S::Status const& before = question(now_, i).status;
  if (choice.kind == RunChoice::Kind::Wait && choice.status == before) {
    rest(next, i);
    add(next, Kind::Plain, [&] { return who(i) + " waits"; });
    return;
  }
  if (op.stale != 0 && (options_.version_check || !sends)) {
    conflict(i);
    return;
  }
  if (choice.kind == RunChoice::Kind::Finalize)
    finalize(i);
  else if (sends)
    intend(i, choice);
  else
    record(i, choice.status);
}

void RunModel::Pass::conflict(int i) {
  S next = now_;
  rest(next, i);
  add(next, Kind::Plain, [&] { return who(i) + " meets a conflict"; });
}

void RunModel::Pass::record(int i, S::Status const& status) {
  S next = now_;
  next.status = status;
  World::outdate(next, i);
  rest(next, i);
  add(next, Kind::Write, [&] { return who(i) + " writes the status"; });
}

void RunModel::Pass::finalize(int i) {
  S next = now_;
  next.spec.object = Object::None;
  World::forget(next);
  World::outdate(next, i);
  rest(next, i);
  Step<S>& step = add(next, Kind::Write, [&] { return who(i) + " removes the finalizer"; });
  if (any_live(now_)) step.breaches.push_back({Promise::LivesOn, World::excuse(now_)});
}

void RunModel::Pass::intend(int i, RunChoice const& choice) {
  S next = now_;
  S::Operator& op = next.operators[i];
  bool const create = choice.kind == RunChoice::Kind::Create;
  if (options_.intent || !create) {
    next.status = choice.status;
    World::outdate(next, i);
  }
  rest(next, i);
  bool const reason = choice.kind == RunChoice::Kind::WriteReason;
  op.phase = reason ? Phase::Looking : Phase::Sending;
  op.request = {.act = create   ? Act::Create
                       : reason ? Act::WriteReason
                                : Act::Cancel,
                .name = choice.name,
                .reason = choice.reason};
  op.request.holder = now_.holder;
  if (create) op.doubted_before = has_doubt(now_.status, choice.name) ? 1 : 0;
  Step<S>& step = add(next, Kind::Write, [&] { return who(i) + " intends " + words_of(op.request); });
  if (choice.reason == Reason::Superseded && now_.operators[i].stale == 0 && only_wanted(choice.name))
    step.breaches.push_back({Promise::CanceledWanted, World::excuse(now_)});
}

bool RunModel::Pass::only_wanted(int name) const {
  S::Spec const& spec = now_.spec;
  if (spec.object != Object::Live || spec.suspend != 0 || spec.revision != name / kAttempts) return false;
  for (int other = spec.revision * kAttempts; other < (spec.revision + 1) * kAttempts; ++other)
    if (other != name && now_.jobs[other].live()) return false;
  return now_.jobs[name].live();
}

void RunModel::Pass::looking(int i) {
  S next = now_;
  S::Operator& op = next.operators[i];
  int const name = op.request.name;
  bool const live = now_.jobs[name].live();
  if (live)
    op.phase = Phase::Sending;
  else
    rest(next, i);
  add(next, Kind::Plain,
      [&] { return who(i) + " reads " + short_name(name) + (live ? " again" : " again: it has ended"); });
}

void RunModel::Pass::sending(int i) {
  S::Request const request = now_.operators[i].request;
  bool const create = request.act == Act::Create;
  S next = now_;
  if (create)
    next.operators[i].phase = Phase::Answered;
  else
    rest(next, i);
  std::vector<Breach> breaches;
  World::land(next, request, request.holder, breaches);
  add(next, Kind::Write, [&] { return who(i) + " sends " + words_of(request) + ", answered"; }).breaches =
      breaches;
  if (now_.late > 0 && now_.in_flight[1].act == Act::None) {
    next = now_;
    --next.late;
    next.in_flight[1] = request;
    World::sort_in_flight(next);
    rest(next, i);
    add(next, Kind::Fault, [&] { return who(i) + " sends " + words_of(request) + ": no answer"; });
  }
  if (now_.refuse > 0 && create) {
    next = now_;
    --next.refuse;
    bool const there = now_.jobs[request.name].there();
    next.operators[i].phase = there ? Phase::Answered : Phase::Refused;
    add(next, Kind::Fault, [&] {
      return who(i) + " sends " + words_of(request) + ": refused, GET " + (there ? "finds it" : "404");
    });
  }
}

void RunModel::Pass::answered(int i) {
  S::Operator const& op = now_.operators[i];
  if (op.stale != 0 && options_.version_check) return conflict(i);
  S::Status status = now_.status;
  drop_doubt(status, op.request.name);
  status.run = static_cast<Byte>(op.request.name + 1);
  record(i, status);
}

void RunModel::Pass::refused(int i) {
  S::Operator const& op = now_.operators[i];
  if (op.stale != 0 && options_.version_check) return conflict(i);
  S::Status status = now_.status;
  if (op.doubted_before == 0) drop_doubt(status, op.request.name);
  status.run = 0;
  record(i, status);
}

}  // namespace trainyard::model
