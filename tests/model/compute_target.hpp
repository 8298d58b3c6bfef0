// One ComputeTarget that creates an AmlCompute, as a model: its user, the service, the network, other people
// and the operator take steps in any order. What the operator decides, sends and learns from an answer is the
// product's own code; what is modelled is the pass around it (reconcilers/compute_target/reconciler.cpp) and
// the world.
#pragma once

#include <array>
#include <memory>

#include "tests/model/explore.hpp"
#include "tests/model/options.hpp"

namespace trainyard::model {

struct ComputeOptions {
  // Bounds: how often each may happen.
  int user = 2;       // another size, another deletionPolicy, delete, apply again
  int crash = 1;      // of the operator, between any two steps
  int late = 1;       // requests that time out, to land at any later moment, or never
  int loss = 0;       // of the state store
  int hand = 0;       // somebody else creates, changes or deletes a compute of this name
  int fail = 0;       // creations and deletions that fail in Azure
  int refuse = 0;     // a write is answered with a no
  int creations = 6;  // of the name
  // The world.
  int operators = 1;      // on the same store
  int stores = 1;         // of one cluster name; 2: each with an operator, and the same spec
  int leaving = 0;        // 1: the first store's object is being deleted from the start
  int retain = 0;         // 1: the user may change the deletionPolicy
  int wipe = 0;           // 1: what somebody else changes loses its tags
  int replace = 0;        // 1: the size is one that Azure cannot change in place, and replace: WhenChanged
  int lag = 0;            // 1: what a list shows may be older than the list
  int index = 1;          // 0: what a list would show is always up to date
  int beyond_settle = 0;  // 1: requests may land later than `settle`
  // Rules that can be turned off, to see what each is for.
  int finalizer = 1;       // before the first write
  int intent = 1;          // the status says what is written before the request leaves
  int version_check = 1;   // a status write fails if spec or status changed since they were read
  int doubt = 1;           // while a write is in doubt nothing else is written, and the finalizer stays
  int young = 1;           // no finalizer goes before a GET begun `settle` after the process start
  int get_before_put = 1;  // absence is a 404 of a GET, not a list's silence
  int newest = 1;          // an older list never replaces a newer answer
  int azure_clock = 1;     // trainyard-since is a Date of Azure's; 0: of a clock that is ahead
  int created_tag = 1;     // an update carries createdOn in a tag
  int as_created = 1;      // createdOn equal to modifiedOn tells that a PUT created it
  int answer = 1;          // what a PUT's answer proves is kept
  int while_creating = 1;  // without an answer, a GET while Creating proves the same
  int remember = 1;        // origin and createdOn are kept in the status, and win
  int unmark = 1;          // our mark comes off what is not ours
  int delete_failed = 1;   // a Failed create is deleted before it is put again
  int take_once = 1;       // our mark takes the place of another store's on a compute once
  int await_taker = 1;     // for `settle` after that nothing is deleted or corrected
};
std::span<Option<ComputeOptions> const> compute_options();

struct ComputeState {
  using Byte = std::uint8_t;

  enum class Object : Byte { None, Fresh, Live, Deleting };  // Fresh: without the finalizer yet
  enum class Stage : Byte { Absent, Creating, Succeeded, Failed, Deleting };
  enum class Maker : Byte { Nobody, Us, Another };
  enum class Origin : Byte { Unknown, Created, Adopted };
  enum class Act : Byte { None, Create, Update, Mark, Take, Unmark, Delete };
  enum class Doubt : Byte { None, Any, Take };
  enum class Phase : Byte {
    Idle,
    Read,      // object, cache and perhaps a GET are read
    Sending,   // the request is about to leave
    Answered,  // it was answered 2xx; the status does not say so yet
    Refused    // it was answered with a no
  };

  struct Spec {
    Object object = Object::None;
    Byte size = 0, retain = 0;
    bool operator==(Spec const&) const = default;
  };
  /// Times are counted in creations of the name: createdOn of the third is 3, a Date after it 3 too.
  struct Tags {
    Byte mark = 0, holder = 0, since = 0, created = 0;
    bool operator==(Tags const&) const = default;
    auto operator<=>(Tags const&) const = default;
  };
  /// What a GET or a list shows.
  struct Seen {
    Stage stage = Stage::Absent;
    Byte created_on = 0;
    Byte as_created = 0;  // modifiedOn is createdOn
    Byte size = 0;
    Tags tags = {};
    bool operator==(Seen const&) const = default;
    [[nodiscard]] bool there() const { return stage != Stage::Absent; }
  };
  /// Known to the judge only.
  struct Truth {
    Maker maker = Maker::Nobody;
    Byte unheard = 0;        // bits: the store's PUT changed what another made, and its status does not know
    Byte seen_creating = 0;  // bits: since then, and before the status told whose it is, it saw it Creating
    Byte judged = 0;         // bits: its status took it for ours
    Byte inherited = 0;      // bits: another's, it took it over by the word of the other store's mark
    Byte mark_kept = 0;      // bits: it knew that it is another's, saw its own mark there, and let it be
    Byte store = 0;          // whose PUT created it, of ours
    Byte in_w12 = 0;         // nothing tells any more that we made it
    Byte disowned = 0;       // another changed it before the status of the store that made it knew it
    Byte left = 0;           // it was left behind, as told to or as judged already
    bool operator==(Truth const&) const = default;
  };
  struct Request {
    Act act = Act::None;
    Byte target = 0;  // createdOn of what the GET showed; 0: a 404
    Byte looked = 0;  // there was a GET
    Byte size = 0;    // what the PUT says
    Tags tags = {};
    Byte store = 0;
    Byte before = 0;   // bits: sent before an operator's process began, or before a store took the compute
    Byte overdue = 0;  // somebody took it for settled
    auto operator<=>(Request const&) const = default;
  };
  struct Status {
    Origin origin = Origin::Unknown;
    Byte created_on = 0, ready = 0;
    Doubt doubt = Doubt::None;
    Byte taken = 0;  // createdOn of what was another store's
    /// It took it back once, and knows that the other lives.
    [[nodiscard]] bool gave_up(Byte created) const {
      return origin == Origin::Adopted && created_on == created && taken == created;
    }
    bool operator==(Status const&) const = default;
  };
  struct Store {
    Spec spec;
    Status status;
    Byte holder = 0;   // its identity
    Byte rebuilt = 0;  // it was lost once
    Byte waited = 0;   // what it took it took more than `settle` ago
    Byte let_be = 0;   // it saw the other's mark in the place of its own, and did nothing (the judge's)
  };
  struct Operator {
    Phase phase = Phase::Idle;
    Byte store = 0;
    Byte settled = 0;  // its process is older than `settle`
    Byte has_list = 0;
    Byte outrun = 0;    // it had an answer that is newer than what a list would show
    Byte outlived = 0;  // and createdOn or modifiedOn changed in between
    Byte dated = 0;     // its cache is older than an answer it had (known to the judge only)
    Seen cache = {};
    Byte stale = 0;    // spec or status changed since this pass read them
    Byte in_time = 0;  // this pass' GET began `settle` after the doubt
    Byte asked = 0;    // `seen` is the answer of a GET
    Byte waited = 0;   // the store had waited when this pass began
    Byte clock = 0;    // Azure's, then
    Seen seen = {};
    Request request = {};
    Spec read_spec = {};  // while the version check is off
    Status read_status = {};
  };

  Byte user = 0, crash = 0, late = 0, loss = 0, hand = 0, fail = 0, refuse = 0;
  Byte creations = 0;
  Seen compute;
  Truth truth;
  Seen index;            // what a list would show
  Byte index_dated = 0;  // createdOn or modifiedOn have changed since
  std::array<Request, 2> in_flight{};
  std::array<Store, 2> stores{};
  std::array<Operator, 2> operators{};
  Byte absent_when_released = 0;  // the pass that took the finalizer off saw no compute

  /// Is there an object in any store?
  [[nodiscard]] bool anybody() const {
    return stores[0].spec.object != Object::None || stores[1].spec.object != Object::None;
  }
  static bool has(Byte bits, int store) { return (bits >> store & 1) != 0; }
  static void put(Byte& bits, int store) { bits = static_cast<Byte>(bits | 1U << store); }
  [[nodiscard]] bool is_unheard(int store) const { return has(truth.unheard, store); }
  void modify() {  // modifiedOn becomes now
    compute.as_created = 0;
    index_dated = 1;
  }
  /// Did a PUT make it, and not one of that store's?
  [[nodiscard]] bool made_elsewhere(int store) const {
    return truth.maker == Maker::Another || (truth.maker == Maker::Us && truth.store != store);
  }
  Byte w1 = 0, w9 = 0, w10 = 0, w11 = 0;  // what has happened, known to the judge only
};

class ComputeModel {
 public:
  using State = ComputeState;

  explicit ComputeModel(ComputeOptions const& options);
  ~ComputeModel();
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

  [[nodiscard]] bool at_bound(State const& state) const;

  ComputeOptions options_;
  std::unique_ptr<Policy> policy_;
};

}  // namespace trainyard::model
