// One TrainingRun on a workspace, as a model: its user, the service, the network and the operator take steps
// in any order. What the operator does is decided by the product's own decide(); what is modelled is the pass
// around it (reconcilers/training_run/reconciler.cpp) and the world.
#pragma once

#include <array>
#include <memory>

#include "tests/model/explore.hpp"
#include "tests/model/options.hpp"

namespace trainyard::model {

struct RunOptions {
  // Bounds: how often each may happen.
  int user = 2;    // edit A<->B, suspend, resume, delete, apply again
  int crash = 1;   // of the operator, between any two steps
  int late = 1;    // requests that time out, to land at any later moment, or never
  int loss = 0;    // of the state store
  int cancel = 0;  // the user cancels the attempt that the status speaks of
  int hand = 0;    // somebody cancels, deletes or archives the job
  int fail = 0;    // jobs that fail
  int refuse = 0;  // a PUT is answered with a no
  // The world.
  int operators = 1;      // on the same store
  int atomic_reads = 1;   // 0: each GET of a pass is a step of its own
  int beyond_settle = 0;  // 1: requests may land later than `settle`
  int takeover = 0;       // 1: the annotation is set
  int retry_limit = 0;
  // Rules that can be turned off, to see what each is for.
  int finalizer = 1;       // before the first write
  int intent = 1;          // the status says the name before the PUT
  int version_check = 1;   // a status write fails if spec or status changed since they were read
  int doubt = 1;           // an unanswered PUT stays in doubt until seen or settled
  int get_before_put = 1;  // absence is a 404 of a GET, not a list's silence
  int list_by_mark = 1;    // rule 3
  int list_all = 1;        // listViewType=All
  int first_list = 1;      // nothing is submitted before a complete list
  int await_end = 1;       // others that live are cancelled and their end awaited before a PUT
  int reason_first = 1;    // the reason is on the job before the cancel
  int reason_deleted = 1;  // deletion has its own reason; 0: it is the user's cancel, which is final
  int condemned = 1;       // a job that carries a reason is cancelled whatever the spec says meanwhile
  int from_highest = 1;    // attempts are sought from the highest known one, not from 0
  int by_hand = 1;         // a name once seen, now 404, is final
  int delete_seeks = 1;    // deletion too seeks the wanted revision's names, and needs a complete list
  int young = 1;           // no finalizer goes before a list begun `settle` after the process start
};
std::span<Option<RunOptions> const> run_options();

constexpr int kRevisions = 2, kAttempts = 3, kNames = kRevisions * kAttempts;  // A0 A1 A2 B0 B1 B2

struct RunState {
  using Byte = std::uint8_t;

  enum class Object : Byte { None, Fresh, Live, Deleting };  // Fresh: without the finalizer yet
  enum class Job : Byte { None, Live, Canceling, Completed, Failed, Canceled, DeletedByHand };
  enum class Reason : Byte { None, Superseded, Suspended, Deleted, User };
  enum class Outcome : Byte { None, Completed, Failed, Canceled, Deleted };
  enum class Act : Byte { None, Create, WriteReason, Cancel };
  enum class Phase : Byte {
    Idle,
    Reading,   // object and status read, GETs done or (not atomic) under way
    Looking,   // the intent to write a reason is in the status; the driver's GET before the PUT is next
    Sending,   // the request is about to leave
    Answered,  // a PUT was answered 2xx; the status does not say so yet
    Refused    // a PUT was answered with a no, and a GET with 404
  };

  struct Spec {
    Object object = Object::Fresh;
    Byte revision = 0, suspend = 0;
    Byte cancel = 0;  // 0: nothing is cancelled, else the name + 1
    bool operator==(Spec const&) const = default;
  };
  struct JobState {
    Job job = Job::None;
    Reason reason = Reason::None;
    Byte archived = 0;
    Byte holder = 0;       // which store's operator made it
    Byte ended_by_us = 0;  // known to the judge only
    Byte may_retrain = 0;  // deleted by hand within W3
    bool operator==(JobState const&) const = default;
    [[nodiscard]] bool live() const { return job == Job::Live || job == Job::Canceling; }
    [[nodiscard]] bool ended() const {
      return job == Job::Completed || job == Job::Failed || job == Job::Canceled;
    }
    [[nodiscard]] bool there() const { return live() || ended(); }
  };
  struct Attempt {  // of the status' history
    Byte name = 0;
    Outcome outcome = Outcome::None;
    Byte reason = 0;  // a Reason, or kPlatform, kByHand
    bool operator==(Attempt const&) const = default;
  };
  struct Status {
    Byte run = 0;                   // 0: none, else the name + 1
    Byte doubts = 0, finished = 0;  // bits by name, by revision
    Byte attempts = 0;
    std::array<Attempt, kNames> history{};
    bool operator==(Status const&) const = default;
  };
  enum class Get : Byte { NotAsked, Absent, AbsentAfterSettle, Found };
  struct Answer {
    Get get = Get::NotAsked;
    Job job = Job::None;
    Reason reason = Reason::None;
    Byte holder = 0;
    bool operator==(Answer const&) const = default;
  };
  enum class Listed : Byte { No, Live, Ended, Failed };
  struct Request {
    Act act = Act::None;
    Byte name = 0;
    Reason reason = Reason::None;
    Byte holder = 0;   // of the store it was sent from
    Byte before = 0;   // bits by operator: sent before that one's process began
    Byte overdue = 0;  // somebody took it for settled
    auto operator<=>(Request const&) const = default;
  };
  struct Operator {
    Phase phase = Phase::Idle;
    Byte settled = 0;  // its process is older than `settle`
    Byte has_list = 0, list_settled = 0;
    std::array<Listed, kNames> list{};
    Byte stale = 0;    // spec or status changed since this pass read them
    Byte in_time = 0;  // this pass' GETs began `settle` after the doubt
    std::array<Answer, kNames> gets{};
    Request request = {};
    Byte doubted_before = 0;                   // the name of the PUT was in doubt already
    Spec read_spec = {Object::None, 0, 0, 0};  // while the version check is off
    Status read_status = {};
  };
  enum class Final : Byte { No, Yes, InW4 };

  Spec spec;
  Byte user = 0, crash = 0, late = 0, loss = 0, cancel = 0, hand = 0, fail = 0, refuse = 0;
  Byte holder = 0;  // of the present store
  std::array<JobState, kNames> jobs{};
  std::array<Listed, kNames> index{};  // what a list would show: it may lag
  std::array<Request, 2> in_flight{};
  Status status;
  std::array<Operator, 2> operators{};
  std::array<Final, kRevisions> final{};  // known to the judge only
  Byte w1 = 0, w2 = 0, w3 = 0;            // what has happened, known to the judge only
};

class RunModel {
 public:
  using State = RunState;

  explicit RunModel(RunOptions const& options);
  ~RunModel();
  [[nodiscard]] State initial() const;
  void steps(State const& state, Steps<State>& into);
  [[nodiscard]] bool at_rest(State const& state) const;
  [[nodiscard]] std::string text(State const& state) const;
  /// How many different facts the product's decide() was asked about.
  [[nodiscard]] std::size_t decisions() const;

 private:
  class Policy;
  class World;
  class Pass;

  RunOptions options_;
  std::unique_ptr<Policy> policy_;
};

}  // namespace trainyard::model
