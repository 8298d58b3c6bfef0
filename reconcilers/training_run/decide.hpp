// The policy of a TrainingRun as one pure function. It is the product's form of the exhaustive model of
// design section 7 (rules 2a, 13 to 17); tests/reconcilers/training_run_decide_test.cpp holds it to that
// model's cases.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "controller/base/clock.hpp"
#include "manifests/training_run.hpp"

namespace trainyard::reconcilers {

/// One attempt as its service tells of it.
struct RunSeen {
  std::string name;
  enum class State { Live, Canceling, Completed, Failed, Canceled } state = State::Live;
  bool queued = false;                  // Live, and not running yet
  std::string status;                   // in the service's word
  std::string why_queued;               // in the service's words; "" when it tells none
  std::string owner, holder, revision;  // as written on it at its creation
  std::string reason;                   // the cancel's reason written on it; "" for none
  std::string failure_class;            // of a Failed one: UserCode, Platform, Preempted, Capacity, Timeout
  std::string failure_message;          // in the service's words
  std::optional<int> exit_code;
  std::string submitted_at, started_at, ended_at;
  std::map<std::string, double> metrics;
  std::vector<std::string> log_tail;
  std::string link;
  [[nodiscard]] bool live() const { return state == State::Live || state == State::Canceling; }
  /// Rule 16: we took it out of a queue in which it waited too long.
  [[nodiscard]] bool queue_timed_out() const { return state == State::Canceled && reason == "QueueTimeout"; }
  /// Of the tries that retry.limit bounds.
  [[nodiscard]] bool counts_as_failure() const { return state == State::Failed || queue_timed_out(); }
};

/// What a complete list by mark showed of this run's attempts; it finds names, it never proves absence (rule
/// 2).
struct RunListing {
  struct Item {
    std::string name, revision, place;
    bool live = false, failed = false;
    std::string holder;
  };
  std::vector<Item> items;
  bool complete = false;  // a complete list begun after the process started is there
  bool settled = false;   // ... and it began `settle` after the process started
};

/// A name and the place (service) it belongs to.
struct RunId {
  std::string name, place;
  auto operator<=>(RunId const&) const = default;
};

struct RunFacts {
  bool deleting = false;
  bool suspend = false;
  std::string revision;   // wanted; "" while it cannot be computed (then nothing is created)
  std::string place;      // wanted
  std::string holder;     // ours
  bool takeover = false;  // a person said that the other holder is gone
  std::int64_t retry_limit = 0;
  std::vector<std::string> retry_on;
  std::optional<Duration> timeout, queue_timeout;
  WallTime now{};
  Duration settle = std::chrono::minutes(5);
  RunListing listing;
  /// What GETs of this pass found: the attempt, or nullopt for a 404 of the name itself; not in the map: not
  /// asked yet.
  std::map<std::string, std::optional<RunSeen>> gets;
  std::map<std::string, WallTime> get_began;                 // for the settling of a doubt
  std::function<std::string(std::int64_t attempt)> name_of;  // of the wanted revision
  std::function<std::optional<std::int64_t>(std::string const& name)> attempt_of;  // of the wanted revision
};

struct RunAct {
  struct Wait {};
  struct Get {
    RunId id;
  };
  struct Record {};  // the status alone changed
  struct Create {
    RunId id;
    std::int64_t attempt = 0;
  };
  struct WriteReason {
    RunId id;
    std::string reason;
  };
  struct Cancel {
    RunId id;
  };
  struct Finalize {};  // nothing of ours lives: the finalizer may go
  struct Held {
    std::string holder;
  };  // rule 10: another holder's live run of another revision
};
using RunAction = std::variant<RunAct::Wait, RunAct::Get, RunAct::Record, RunAct::Create, RunAct::WriteReason,
                               RunAct::Cancel, RunAct::Finalize, RunAct::Held>;

struct RunDecision {
  RunAction action;
  manifests::TrainingRunStatus
      status;               // run_name, run_place, attempt, doubts, finished, history as they are now known
  std::string top;          // name of the wanted revision's newest attempt, "" if it has none
  std::string waiting_for;  // why nothing is done, in words; "" when there is nothing to say
};
RunDecision decide(RunFacts const& facts, manifests::TrainingRunStatus status);

}  // namespace trainyard::reconcilers
