#include "tests/model/training_run_world.hpp"

#include <algorithm>

#include "tests/model/training_run_policy.hpp"

namespace trainyard::model {

namespace {

using S = RunState;
using Byte = S::Byte;
using Object = S::Object;
using Job = S::Job;
using Reason = S::Reason;
using Act = S::Act;
using Phase = S::Phase;
using Listed = S::Listed;
using Final = S::Final;

bool under_way(S const& s, int name, Act act) {
  auto const is = [&](S::Request const& request) { return request.act == act && request.name == name; };
  return std::any_of(std::begin(s.in_flight), std::end(s.in_flight), is) ||
         std::any_of(std::begin(s.operators), std::end(s.operators),
                     [&](S::Operator const& op) { return op.phase == Phase::Sending && is(op.request); });
}

int failures(S const& s, int revision) {
  return static_cast<int>(std::count_if(s.jobs.begin() + revision * kAttempts,
                                        s.jobs.begin() + (revision + 1) * kAttempts,
                                        [](S::JobState const& job) { return job.job == Job::Failed; }));
}

}  // namespace

bool any_live(S const& s) {
  return std::any_of(std::begin(s.jobs), std::end(s.jobs), [](S::JobState const& job) { return job.live(); });
}

bool has_doubt(S::Status const& status, int name) { return (status.doubts >> name & 1) != 0; }
void RunModel::World::all() {
  user();
  cancel();
  for (int name = 0; name < kNames; ++name)
    if (now_.jobs[name].there()) job(name);
  index();
  late_requests();
  store_lost();
}

void RunModel::World::outdate(S& s, int but) {
  for (int i = 0; i < 2; ++i)
    if (i != but && s.operators[i].phase != Phase::Idle) s.operators[i].stale = 1;
}

void RunModel::World::user() {
  if (now_.user == 0) return;
  auto const act = [&](auto const& change, auto const& label) {
    S next = now_;
    --next.user;
    outdate(next);
    change(next);
    return std::ref(add(next, Kind::Fault, label));
  };
  Object const object = now_.spec.object;
  if (object == Object::None) {
    act([](S& s) { s.spec.object = Object::Fresh; }, [] { return "the user applies it again"; });
  } else if (object != Object::Deleting) {
    act([](S& s) { s.spec.revision ^= 1; },
        [&] { return std::string("the user edits the spec to ") + "BA"[now_.spec.revision]; });
    act([](S& s) { s.spec.suspend ^= 1; },
        [&] { return now_.spec.suspend ? "the user resumes it" : "the user suspends it"; });
    bool const goes = object == Object::Fresh;  // nothing holds it
    // Not promised: that an object whose finalizer a lost store took along is not gone before it is back.
    if (goes && now_.holder > 0) return;
    Step<S>& step = act(
        [&](S& s) {
          s.spec.object = goes ? Object::None : Object::Deleting;
          if (goes) forget(s);
        },
        [] { return "the user deletes it"; });
    if (goes && any_live(now_)) step.breaches.push_back({Promise::LivesOn, excuse(now_)});
  }
}

void RunModel::World::cancel() {
  Object const object = now_.spec.object;
  if (now_.cancel == 0 || object == Object::None || object == Object::Deleting) return;
  if (now_.status.run == 0 || now_.spec.cancel == now_.status.run) return;
  S next = now_;
  --next.cancel;
  next.spec.cancel = now_.status.run;
  outdate(next);
  add(next, Kind::Fault, [&] { return "the user cancels " + short_name(now_.status.run - 1); });
}

void RunModel::World::finish(S& s, int name, Final how) {
  Final& final = s.final[name / kAttempts];
  if (final != Final::Yes) final = how;
}

void RunModel::World::job(int name) {
  S::JobState const& job = now_.jobs[name];
  auto const becomes = [&](Job what, Kind kind, char const* words, auto const& more) {
    S next = now_;
    next.jobs[name].job = what;
    more(next);
    add(next, kind, [&] { return "job " + short_name(name) + " " + words; });
  };
  auto const nothing = [](S&) {};
  auto const final = [&](S& s) { finish(s, name); };
  if (job.job == Job::Live) {
    becomes(Job::Completed, Kind::Fault, "completes", final);
    if (now_.fail > 0)
      becomes(Job::Failed, Kind::Fault, "fails", [&](S& s) {
        --s.fail;
        if (failures(s, name / kAttempts) > options_.retry_limit) finish(s, name);
      });
  }
  if (job.job == Job::Canceling) {
    bool const by_user = job.reason == Reason::User && options_.reason_deleted != 0;
    if (by_user)
      becomes(Job::Canceled, Kind::Plain, "ends as cancelled", final);
    else
      becomes(Job::Canceled, Kind::Plain, "ends as cancelled", nothing);
    becomes(Job::Completed, Kind::Fault, "completes before the cancel", final);
  }
  if (now_.hand == 0) return;
  if (job.job == Job::Live)
    becomes(Job::Canceled, Kind::Fault, "is cancelled by hand", [&](S& s) {
      --s.hand;
      bool const reason_lands_yet = under_way(s, name, Act::WriteReason);
      if (job.reason == Reason::None) finish(s, name, reason_lands_yet ? Final::InW4 : Final::Yes);
    });
  if (job.ended())
    becomes(Job::DeletedByHand, Kind::Fault, "is deleted by hand", [&](S& s) {
      --s.hand;
      s.jobs[name] = {.job = Job::DeletedByHand, .may_retrain = deletion_is_missed(name)};
    });
  if (job.archived == 0)
    becomes(job.job, Kind::Fault, "is archived by hand", [&](S& s) {
      --s.hand;
      s.jobs[name].archived = 1;
    });
}

Byte RunModel::World::deletion_is_missed(int name) const {
  S::Status const& status = now_.status;
  bool known = status.run == name + 1 && !has_doubt(status, name);
  for (int i = 0; i < status.attempts; ++i) known = known || status.history[i].name == name;
  return !known || under_way(now_, name, Act::Create) || under_way(now_, name, Act::WriteReason);
}

S::Listed RunModel::World::listed(int name) const {
  S::JobState const& job = now_.jobs[name];
  if (!options_.list_by_mark || !job.there()) return Listed::No;
  if (job.archived != 0 && !options_.list_all) return Listed::No;
  if (job.live()) return Listed::Live;
  return job.job == Job::Failed ? Listed::Failed : Listed::Ended;
}

bool RunModel::World::index_is_current() const {
  for (int name = 0; name < kNames; ++name)
    if (now_.index[name] != listed(name)) return false;
  return true;
}

void RunModel::World::index() {
  if (index_is_current()) return;
  S next = now_;
  for (int name = 0; name < kNames; ++name) next.index[name] = listed(name);
  add(next, Kind::Plain, [] { return "the index of the list catches up"; });
}

void RunModel::World::store_lost() {
  if (now_.loss == 0 || now_.spec.object == Object::None) return;
  S next = now_;
  --next.loss;
  ++next.holder;
  next.spec.object = Object::Fresh;
  forget(next);
  for (int i = 0; i < options_.operators; ++i) restart(next, i);
  for (int name = 0; name < kNames; ++name) {
    S::JobState const& job = next.jobs[name];
    bool const unlisted = job.live() && now_.index[name] != Listed::Live;
    if (unlisted || under_way(next, name, Act::Create)) next.w2 = 1;
  }
  add(next, Kind::Fault, [] { return "the store is lost, and rebuilt from the manifest"; });
}

void RunModel::World::forget(S& s) {
  s.status = S::Status{};
  s.spec.cancel = 0;  // what is applied again does not have it
  for (S::JobState& job : s.jobs)
    if (job.job == Job::DeletedByHand) job.may_retrain = 1;
}

Window RunModel::World::excuse(S const& s) {
  return s.w1 != 0 ? Window::W1 : s.w3 != 0 ? Window::W3 : s.w2 != 0 ? Window::W2 : Window::None;
}

void RunModel::World::land(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches) {
  if (request.overdue != 0) s.w1 = 1;
  S::JobState& job = s.jobs[request.name];
  if (request.act == Act::Cancel) {
    if (job.job != Job::Live) return;
    job.job = Job::Canceling;
    job.ended_by_us = 1;
  } else if (!job.there()) {
    create(s, request, by, breaches);  // a reason travels in a PUT of the whole job
  } else if (request.act == Act::WriteReason && job.reason == Reason::None) {
    job.reason = request.reason;
  }
}

void RunModel::World::create(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches) {
  S::JobState& job = s.jobs[request.name];
  if (job.job == Job::DeletedByHand) {
    if (job.may_retrain != 0) s.w3 = 1;
    breaches.push_back({Promise::CreatedTwice, excuse(s)});
  }
  Window const window = excuse(s);
  if (any_live(s)) breaches.push_back({Promise::TwoLive, window});
  Final const final = s.final[request.name / kAttempts];
  if (final != Final::No)
    breaches.push_back({Promise::CreatedAfterFinal, final == Final::InW4 ? Window::W4 : window});
  if (s.spec.object == Object::None) breaches.push_back({Promise::LivesOn, window});
  job = {.job = Job::Live, .reason = request.reason, .holder = by};
}

void RunModel::World::late_requests() {
  for (int i = 0; i < 2; ++i) {
    S::Request const request = now_.in_flight[i];
    if (request.act == Act::None || (i == 1 && request == now_.in_flight[0])) continue;
    S next = now_;
    next.in_flight[i] = {};
    sort_in_flight(next);
    add(next, Kind::Plain, [&] { return "the late " + words_of(request) + " never lands"; });
    std::vector<Breach> breaches;
    land(next, request, request.holder, breaches);
    add(next, Kind::Plain, [&] { return "the late " + words_of(request) + " lands"; }).breaches = breaches;
  }
}

void RunModel::World::sort_in_flight(S& s) {
  if (s.in_flight[0] < s.in_flight[1]) std::swap(s.in_flight[0], s.in_flight[1]);
}

void RunModel::World::restart(S& s, int i) {
  s.operators[i] = S::Operator{};
  for (S::Request& request : s.in_flight)
    if (request.act != Act::None) request.before = static_cast<Byte>(request.before | 1U << i);
  sort_in_flight(s);
}

}  // namespace trainyard::model
