#include "tests/model/training_run.hpp"

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
using Get = S::Get;
using Listed = S::Listed;
using Final = S::Final;

constexpr Option<RunOptions> kOptions[] = {{"user", &RunOptions::user},
                                           {"crash", &RunOptions::crash},
                                           {"late", &RunOptions::late},
                                           {"loss", &RunOptions::loss},
                                           {"hand", &RunOptions::hand},
                                           {"fail", &RunOptions::fail},
                                           {"refuse", &RunOptions::refuse},
                                           {"operators", &RunOptions::operators},
                                           {"atomic_reads", &RunOptions::atomic_reads},
                                           {"beyond_settle", &RunOptions::beyond_settle},
                                           {"takeover", &RunOptions::takeover},
                                           {"retry_limit", &RunOptions::retry_limit},
                                           {"finalizer", &RunOptions::finalizer},
                                           {"intent", &RunOptions::intent},
                                           {"version_check", &RunOptions::version_check},
                                           {"doubt", &RunOptions::doubt},
                                           {"get_before_put", &RunOptions::get_before_put},
                                           {"list_by_mark", &RunOptions::list_by_mark},
                                           {"list_all", &RunOptions::list_all},
                                           {"first_list", &RunOptions::first_list},
                                           {"await_end", &RunOptions::await_end},
                                           {"reason_first", &RunOptions::reason_first},
                                           {"reason_deleted", &RunOptions::reason_deleted},
                                           {"condemned", &RunOptions::condemned},
                                           {"from_highest", &RunOptions::from_highest},
                                           {"by_hand", &RunOptions::by_hand},
                                           {"delete_seeks", &RunOptions::delete_seeks},
                                           {"young", &RunOptions::young}};

char const* const kJobWords[] = {"none", "Live", "Canceling", "Completed", "Failed", "Canceled", "gone"};
char const* const kReasonWords[] = {"", "Superseded", "Suspended", "Deleted", "User"};
char const* const kActWords[] = {"", "PUT", "reason", "cancel"};

template <class Enum>
char const* word(char const* const* words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

std::string words_of(S::Request const& request) {
  std::string text = std::string(word(kActWords, request.act)) + " " + short_name(request.name);
  if (request.reason != Reason::None) text += std::string(" ") + word(kReasonWords, request.reason);
  return text;
}

std::string words_of(int name, S::Answer const& answer) {
  std::string text = " " + short_name(name) + "=";
  if (answer.get == Get::AbsentAfterSettle) return text + "404(after settle)";
  if (answer.get == Get::Absent) return text + "404";
  text += word(kJobWords, answer.job);
  return answer.reason == Reason::None ? text : text + "/" + word(kReasonWords, answer.reason);
}

bool has_doubt(S::Status const& status, int name) { return (status.doubts >> name & 1) != 0; }
void drop_doubt(S::Status& status, int name) {
  status.doubts = static_cast<Byte>(status.doubts & ~(1U << name));
}

bool any_live(S const& s) {
  return std::any_of(std::begin(s.jobs), std::end(s.jobs), [](S::JobState const& job) { return job.live(); });
}

/// A PUT of that name may be on its way: a reason is one too.
bool is_put(S::Request const& request, int name) {
  return request.name == name && (request.act == Act::Create || request.act == Act::WriteReason);
}

bool under_way(S const& s, int name, Act act) {
  auto const is = [&](S::Request const& request) { return request.act == act && request.name == name; };
  return std::any_of(std::begin(s.in_flight), std::end(s.in_flight), is) ||
         std::any_of(std::begin(s.operators), std::end(s.operators), [&](S::Operator const& op) {
           return op.phase == Phase::Sending && is(op.request);
         });
}

int failures(S const& s, int revision) {
  return static_cast<int>(
      std::count_if(s.jobs.begin() + revision * kAttempts, s.jobs.begin() + (revision + 1) * kAttempts,
                    [](S::JobState const& job) { return job.job == Job::Failed; }));
}

/// Rule 10: another store's live run of another revision.
bool is_held(S const& s, RunOptions const& options) {
  if (options.takeover) return false;
  for (int name = 0; name < kNames; ++name)
    if (s.jobs[name].live() && s.jobs[name].holder != s.holder && name / kAttempts != s.spec.revision)
      return true;
  return false;
}

}  // namespace

std::span<Option<RunOptions> const> run_options() { return kOptions; }

// ---- the steps that lead on from one state

class RunModel::Now {
 public:
  Now(RunOptions const& options, Policy& policy, S const& now, Steps<S>& into)
      : options_(options), policy_(policy), now_(now), into_(into) {}

  void all() {
    user();
    for (int name = 0; name < kNames; ++name)
      if (now_.jobs[name].there()) job(name);
    index();
    late_requests();
    store_lost();
    for (int i = 0; i < options_.operators; ++i) operate(i);
  }

 private:
  template <class Label>
  Step<S>& add(S const& next, Kind kind, Label const& label) {
    return into_.add(next, kind, label);
  }

  // ---- people and the service

  /// Whoever read the object before this finds another version when he writes.
  static void outdate(S& s, int but = -1) {
    for (int i = 0; i < 2; ++i)
      if (i != but && s.operators[i].phase != Phase::Idle) s.operators[i].stale = 1;
  }

  void user() {
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

  static void finish(S& s, int name, Final how = Final::Yes) {
    Final& final = s.final[name / kAttempts];
    if (final != Final::Yes) final = how;
  }

  void job(int name) {
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

  /// W3: the status does not say that the job was there, or a PUT of that name may still land.
  [[nodiscard]] Byte deletion_is_missed(int name) const {
    S::Status const& status = now_.status;
    bool known = status.run == name + 1 && !has_doubt(status, name);
    for (int i = 0; i < status.attempts; ++i) known = known || status.history[i].name == name;
    return !known || under_way(now_, name, Act::Create) || under_way(now_, name, Act::WriteReason);
  }

  [[nodiscard]] Listed listed(int name) const {
    S::JobState const& job = now_.jobs[name];
    if (!options_.list_by_mark || !job.there()) return Listed::No;
    if (job.archived != 0 && !options_.list_all) return Listed::No;
    if (job.live()) return Listed::Live;
    return job.job == Job::Failed ? Listed::Failed : Listed::Ended;
  }
  [[nodiscard]] bool index_is_current() const {
    for (int name = 0; name < kNames; ++name)
      if (now_.index[name] != listed(name)) return false;
    return true;
  }

  void index() {
    if (index_is_current()) return;
    S next = now_;
    for (int name = 0; name < kNames; ++name) next.index[name] = listed(name);
    add(next, Kind::Plain, [] { return "the index of the list catches up"; });
  }

  void store_lost() {
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

  /// The status goes, by loss or with its object: W3 for what somebody deleted.
  static void forget(S& s) {
    s.status = S::Status{};
    for (S::JobState& job : s.jobs)
      if (job.job == Job::DeletedByHand) job.may_retrain = 1;
  }

  // ---- what requests do

  [[nodiscard]] static Window excuse(S const& s) {
    return s.w1 != 0 ? Window::W1 : s.w3 != 0 ? Window::W3 : s.w2 != 0 ? Window::W2 : Window::None;
  }

  static void land(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches) {
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

  static void create(S& s, S::Request const& request, Byte by, std::vector<Breach>& breaches) {
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

  void late_requests() {
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
  static void sort_in_flight(S& s) {
    if (s.in_flight[0] < s.in_flight[1]) std::swap(s.in_flight[0], s.in_flight[1]);
  }

  // ---- the operator

  static void rest(S& s, int i) {
    S::Operator& op = s.operators[i];
    S::Operator ended{.settled = op.settled, .has_list = op.has_list, .list_settled = op.list_settled, .list = op.list};
    op = ended;
  }
  static void restart(S& s, int i) {
    s.operators[i] = S::Operator{};
    for (S::Request& request : s.in_flight)
      if (request.act != Act::None) request.before = static_cast<Byte>(request.before | 1U << i);
    sort_in_flight(s);
  }

  [[nodiscard]] std::string who(int i) const {
    return options_.operators > 1 ? "operator " + std::to_string(i + 1) : "the operator";
  }

  void operate(int i) {
    S::Operator const& op = now_.operators[i];
    if (now_.crash > 0 && (op.phase != Phase::Idle || op.has_list != 0 || op.settled != 0)) {
      S next = now_;
      --next.crash;
      restart(next, i);
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

  void idle(int i) {
    settle(i);
    list(i);
    Object const object = now_.spec.object;
    if (object == Object::None) return;
    if (object == Object::Fresh && options_.finalizer) {
      S next = now_;
      next.spec.object = Object::Live;
      outdate(next);
      add(next, Kind::Write, [&] { return who(i) + " adds the finalizer"; });
      return;
    }
    read(i, false);
    if (now_.status.doubts != 0) read(i, true);
  }

  /// Its process becomes older than `settle`: what was sent before it began has landed, and is listed.
  void settle(int i) {
    if (now_.operators[i].settled != 0 || !index_is_current()) return;
    for (int other = 0; other < options_.operators; ++other)
      if (other != i && now_.operators[other].phase == Phase::Sending) return;
    S next = now_;
    for (S::Request& request : next.in_flight) {
      if ((request.before >> i & 1) == 0) continue;
      if (!options_.beyond_settle) return;
      request.overdue = 1;
    }
    sort_in_flight(next);
    next.operators[i].settled = 1;
    add(next, Kind::Plain, [&] { return who(i) + " is older than settle"; });
  }

  void list(int i) {
    S next = now_;
    S::Operator& op = next.operators[i];
    op.has_list = 1;
    op.list_settled = op.settled;
    op.list = now_.index;
    S::Operator const& was = now_.operators[i];
    if (was.has_list == 1 && was.list_settled == op.list_settled &&
        op.list == was.list)
      return;
    add(next, Kind::Plain, [&] { return who(i) + " lists"; });
  }

  [[nodiscard]] RunQuestion question(S const& s, int i) const {
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

  /// A GET. A 404 settles the doubt if it began `settle` later, so that nothing can land any more.
  void answer(S& s, int i, int name) const {
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
    sort_in_flight(s);
    op.gets[name].get = Get::AbsentAfterSettle;
  }

  /// A pass begins: it reads the object and does its GETs.
  void read(int i, bool in_time) {
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

  void reading(int i) {
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

  void conflict(int i) {
    S next = now_;
    rest(next, i);
    add(next, Kind::Plain, [&] { return who(i) + " meets a conflict"; });
  }

  void record(int i, S::Status const& status) {
    S next = now_;
    next.status = status;
    outdate(next, i);
    rest(next, i);
    add(next, Kind::Write, [&] { return who(i) + " writes the status"; });
  }

  void finalize(int i) {
    S next = now_;
    next.spec.object = Object::None;
    forget(next);
    outdate(next, i);
    rest(next, i);
    Step<S>& step = add(next, Kind::Write, [&] { return who(i) + " removes the finalizer"; });
    if (any_live(now_)) step.breaches.push_back({Promise::LivesOn, excuse(now_)});
  }

  void intend(int i, RunChoice const& choice) {
    S next = now_;
    S::Operator& op = next.operators[i];
    bool const create = choice.kind == RunChoice::Kind::Create;
    if (options_.intent || !create) {
      next.status = choice.status;
      outdate(next, i);
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
      step.breaches.push_back({Promise::CanceledWanted, excuse(now_)});
  }

  /// Of the wanted revision, and no other of that revision lives.
  [[nodiscard]] bool only_wanted(int name) const {
    S::Spec const& spec = now_.spec;
    if (spec.object != Object::Live || spec.suspend != 0 || spec.revision != name / kAttempts) return false;
    for (int other = spec.revision * kAttempts; other < (spec.revision + 1) * kAttempts; ++other)
      if (other != name && now_.jobs[other].live()) return false;
    return now_.jobs[name].live();
  }

  /// The driver reads the job before it puts it with the reason: an ended one is left alone.
  void looking(int i) {
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

  void sending(int i) {
    S::Request const request = now_.operators[i].request;
    bool const create = request.act == Act::Create;
    S next = now_;
    if (create)
      next.operators[i].phase = Phase::Answered;
    else
      rest(next, i);
    std::vector<Breach> breaches;
    land(next, request, request.holder, breaches);
    add(next, Kind::Write, [&] { return who(i) + " sends " + words_of(request) + ", answered"; })
        .breaches = breaches;
    if (now_.late > 0 && now_.in_flight[1].act == Act::None) {
      next = now_;
      --next.late;
      next.in_flight[1] = request;
      sort_in_flight(next);
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

  /// TrainingRun's submit(): the answer goes to the status, unless something changed meanwhile.
  void answered(int i) {
    S::Operator const& op = now_.operators[i];
    if (op.stale != 0 && options_.version_check) return conflict(i);
    S::Status status = now_.status;
    drop_doubt(status, op.request.name);
    status.run = static_cast<Byte>(op.request.name + 1);
    record(i, status);
  }

  /// TrainingRun's refused(): nothing of this request is in doubt, though an earlier one may be.
  void refused(int i) {
    S::Operator const& op = now_.operators[i];
    if (op.stale != 0 && options_.version_check) return conflict(i);
    S::Status status = now_.status;
    if (op.doubted_before == 0) drop_doubt(status, op.request.name);
    status.run = 0;
    record(i, status);
  }

  RunOptions const& options_;
  Policy& policy_;
  S const& now_;
  Steps<S>& into_;
};

// ---- the model

RunModel::RunModel(RunOptions const& options)
    : options_(options), policy_(std::make_unique<Policy>(options)) {}
RunModel::~RunModel() = default;

S RunModel::initial() const {
  S s;
  s.user = static_cast<Byte>(options_.user);
  s.crash = static_cast<Byte>(options_.crash);
  s.late = static_cast<Byte>(options_.late);
  s.loss = static_cast<Byte>(options_.loss);
  s.hand = static_cast<Byte>(options_.hand);
  s.fail = static_cast<Byte>(options_.fail);
  s.refuse = static_cast<Byte>(options_.refuse);
  return s;
}

void RunModel::steps(S const& state, Steps<S>& into) { Now(options_, *policy_, state, into).all(); }

std::size_t RunModel::decisions() const { return policy_->size(); }

/// The wanted attempt is live or final and all others have ended; suspended: none lives; gone: none is left.
bool RunModel::at_rest(S const& s) const {
  if (s.in_flight[0].act != Act::None) return false;
  for (S::Operator const& op : s.operators)
    if (op.phase != Phase::Idle && op.phase != Phase::Reading) return false;
  bool const excused = s.w1 != 0 || s.w3 != 0;  // then it ends by its own timeout
  switch (s.spec.object) {
    case Object::None:
      return !any_live(s) || excused;
    case Object::Fresh:
      if (options_.finalizer) return false;
      break;
    case Object::Deleting:
      return is_held(s, options_);
    case Object::Live:
      break;
  }
  if (is_held(s, options_)) return true;
  if (s.spec.suspend != 0) return !any_live(s);
  int top = -1;
  for (int name = s.spec.revision * kAttempts; name < (s.spec.revision + 1) * kAttempts; ++name)
    if (s.jobs[name].job != Job::None) top = name;
  if (top < 0) return false;
  for (int name = 0; name < kNames; ++name)
    if (name != top && s.jobs[name].live()) return false;
  S::JobState const& job = s.jobs[top];
  bool const last = top % kAttempts == kAttempts - 1;  // the bound of the model
  Final const final = s.final[s.spec.revision];
  switch (job.job) {
    case Job::None:
    case Job::Canceling:
      return false;
    case Job::Live:
      return job.reason == Reason::None;
    case Job::Completed:
    case Job::DeletedByHand:
      return true;
    case Job::Failed:
      return last || final != Final::No;
    case Job::Canceled:
      if (job.reason == Reason::None && job.ended_by_us == 0) return true;  // somebody's: final
      return last || (final != Final::No && (s.status.finished >> s.spec.revision & 1) != 0);
  }
  return false;
}

std::string RunModel::text(S const& s) const {
  static char const* const kObjects[] = {"no object", "a new object", "the object", "the object, deleting"};
  std::string text = std::string(word(kObjects, s.spec.object)) + " " + "AB"[s.spec.revision] +
                     (s.spec.suspend ? " suspended" : "");
  for (int name = 0; name < kNames; ++name)
    if (S::JobState const& job = s.jobs[name]; job.job != Job::None)
      text += "; " + short_name(name) + " " + word(kJobWords, job.job) + " " + word(kReasonWords, job.reason);
  text += "; status: run " + (s.status.run == 0 ? "none" : short_name(s.status.run - 1));
  for (int name = 0; name < kNames; ++name)
    if (has_doubt(s.status, name)) text += ", doubt " + short_name(name);
  for (int revision = 0; revision < kRevisions; ++revision)
    if ((s.status.finished >> revision & 1) != 0) text += std::string(", finished ") + "AB"[revision];
  return text;
}

}  // namespace trainyard::model
