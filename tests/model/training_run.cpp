#include "tests/model/training_run.hpp"

#include "tests/model/training_run_pass.hpp"

namespace trainyard::model {

namespace {

using S = RunState;
using Byte = S::Byte;
using Object = S::Object;
using Job = S::Job;
using Reason = S::Reason;
using Act = S::Act;
using Phase = S::Phase;
using Final = S::Final;

constexpr Option<RunOptions> kOptions[] = {{"user", &RunOptions::user},
                                           {"crash", &RunOptions::crash},
                                           {"late", &RunOptions::late},
                                           {"loss", &RunOptions::loss},
                                           {"cancel", &RunOptions::cancel},
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

RunModel::RunModel(RunOptions const& options)
    : options_(options), policy_(std::make_unique<Policy>(options)) {}
RunModel::~RunModel() = default;

S RunModel::initial() const {
  S s;
  s.user = static_cast<Byte>(options_.user);
  s.crash = static_cast<Byte>(options_.crash);
  s.late = static_cast<Byte>(options_.late);
  s.loss = static_cast<Byte>(options_.loss);
  s.cancel = static_cast<Byte>(options_.cancel);
  s.hand = static_cast<Byte>(options_.hand);
  s.fail = static_cast<Byte>(options_.fail);
  s.refuse = static_cast<Byte>(options_.refuse);
  return s;
}

void RunModel::steps(S const& state, Steps<S>& into) {
  World world(options_, state, into);
  world.all();
  Pass pass(options_, *policy_, state, into, world);
  for (int i = 0; i < options_.operators; ++i) pass.operate(i);
}

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
  bool const finished = (s.status.finished >> s.spec.revision & 1) != 0;
  bool const user_ended = s.spec.cancel == top + 1 && finished;  // for whatever reason it ended
  switch (job.job) {
    case Job::None:
    case Job::Canceling:
      return false;
    case Job::Live:
      return job.reason == Reason::None && s.spec.cancel != top + 1;
    case Job::Completed:
    case Job::DeletedByHand:
      return true;
    case Job::Failed:
      return last || final != Final::No || user_ended;
    case Job::Canceled:
      if (job.reason == Reason::None && job.ended_by_us == 0) return true;  // somebody's: final
      return last || (final != Final::No && finished) || user_ended;
  }
  return false;
}

}  // namespace trainyard::model
