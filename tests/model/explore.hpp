// Every reachable state of a model, breadth first, so that the first counterexample of a kind is a shortest
// one; and whether the model always comes to rest once nothing goes wrong any more.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace trainyard::model {

/// What a step is to liveness. Fault: it may happen and need not (faults, people, jobs that end by
/// themselves). Write: the operator sends or records something.
enum class Kind : std::uint8_t { Plain, Fault, Write };

/// The promises of design section 7, by their letters.
enum class Promise : std::uint8_t {
  CreatedTwice,       // a: one creation per run name
  TwoLive,            // b: at most one live job per run
  CreatedAfterFinal,  // c: no job after a final end of that revision
  DeletedOther,       // d: no DELETE hits what our PUT did not create
  LivesOn,            // e: once the finalizer is gone nothing of ours lives, is left or lands
  CanceledWanted,     // f: the live job of the wanted revision is not cancelled as Superseded
  StaleReady,         // g: Ready never rests on an older observation than one already used
  OverwroteOther,     // (W6 alone speaks of it) our PUT changes what another made
  DeletedKept         // (deletionPolicy) what is to be retained is deleted
};

/// The windows of docs/limits.md in which a promise may break; None: it may not.
enum class Window : std::uint8_t { None, W1, W2, W3, W4, W6, W7, W8, W9, W10, W11, W12 };

struct Breach {
  Promise promise;
  Window window = Window::None;
  auto operator<=>(Breach const&) const = default;
};

std::string to_string(Breach const& breach);  // "b TwoLive" or "b TwoLive (W2)"

template <class State>
struct Step {
  State next;
  Kind kind = Kind::Plain;
  std::vector<Breach> breaches;
  std::string label;  // empty unless asked for
};

/// Where a model puts the steps that lead on from a state.
template <class State>
class Steps {
 public:
  explicit Steps(bool labelled) : labelled_(labelled) {}
  void clear() { steps_.clear(); }

  /// `label` is a function: its text is wanted for counterexamples only.
  template <class Label>
  Step<State>& add(State const& next, Kind kind, Label const& label) {
    steps_.push_back({.next = next, .kind = kind});
    if (labelled_) steps_.back().label = label();
    return steps_.back();
  }
  [[nodiscard]] std::vector<Step<State>> const& all() const { return steps_; }

 private:
  bool labelled_;
  std::vector<Step<State>> steps_;
};

struct Counterexample {
  std::vector<std::string> trace;
  std::size_t steps_that_do = 0;  // how many steps of the whole graph break the promise so
};

struct Report {
  std::size_t states = 0, steps = 0;
  bool complete = true;  // false: the limit was reached, and liveness was not looked at
  std::map<Breach, Counterexample> breaches;
  std::size_t not_live = 0;              // states from which it need never come to rest
  std::vector<std::string> never_rests;  // a shortest way to one, and what it looks like there

  [[nodiscard]] bool broke(Promise promise) const;
  /// Breaks a promise outside the windows, or need never come to rest.
  [[nodiscard]] bool wrong() const;
  [[nodiscard]] std::string text(bool with_windows) const;
};

/// States by number, each once, packed: most bytes of a state are zero, so one bit tells of each, and the
/// others follow. Open addressing over the packed bytes.
template <class State>
class StateSet {
  static_assert(std::has_unique_object_representations_v<State>, "states are compared byte by byte");

 public:
  StateSet() : slots_(std::size_t{1} << 16U, kEmpty), begin_{0} {}

  /// The state's number, and whether it is new.
  std::pair<std::uint32_t, bool> insert(State const& state) {
    if ((size() + 1) * 2 > slots_.size()) grow();
    std::string_view const packed = pack(state);
    std::size_t slot = hash(packed) & (slots_.size() - 1);
    for (; slots_[slot] != kEmpty; slot = (slot + 1) & (slots_.size() - 1))
      if (packed_at(slots_[slot]) == packed) return {slots_[slot], false};
    slots_[slot] = static_cast<std::uint32_t>(size());
    bytes_.insert(bytes_.end(), packed.begin(), packed.end());
    begin_.push_back(bytes_.size());
    return {slots_[slot], true};
  }
  [[nodiscard]] std::size_t size() const { return begin_.size() - 1; }

  [[nodiscard]] State operator[](std::size_t number) const {
    std::string_view const packed = packed_at(number);
    std::array<char, sizeof(State)> bytes{};
    std::size_t next = kBits;
    for (std::size_t i = 0; i < sizeof(State); ++i)
      if ((static_cast<unsigned char>(packed[i / 8]) >> (i % 8) & 1U) != 0) bytes[i] = packed[next++];
    return std::bit_cast<State>(bytes);
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  static constexpr std::size_t kBits = (sizeof(State) + 7) / 8;

  std::string_view pack(State const& state) {
    auto const bytes = std::bit_cast<std::array<char, sizeof(State)>>(state);
    std::fill_n(packing_.begin(), kBits, '\0');
    std::size_t next = kBits;
    for (std::size_t i = 0; i < sizeof(State); ++i) {
      if (bytes[i] == 0) continue;
      packing_[i / 8] = static_cast<char>(static_cast<unsigned char>(packing_[i / 8]) | 1U << (i % 8));
      packing_[next++] = bytes[i];
    }
    return {packing_.data(), next};
  }
  [[nodiscard]] std::string_view packed_at(std::size_t number) const {
    return {bytes_.data() + begin_[number], begin_[number + 1] - begin_[number]};
  }
  static std::size_t hash(std::string_view packed) { return std::hash<std::string_view>{}(packed); }
  void grow() {
    std::vector<std::uint32_t> larger(slots_.size() * 2, kEmpty);
    for (std::size_t i = 0; i < size(); ++i) {
      std::size_t slot = hash(packed_at(i)) & (larger.size() - 1);
      while (larger[slot] != kEmpty) slot = (slot + 1) & (larger.size() - 1);
      larger[slot] = static_cast<std::uint32_t>(i);
    }
    slots_ = std::move(larger);
  }

  std::vector<std::uint32_t> slots_;
  std::vector<char> bytes_;
  std::vector<std::size_t> begin_;  // of each state's bytes; the end of the last
  std::array<char, kBits + sizeof(State)> packing_{};
};

/// Where the steps that need no fault lead, for liveness.
class SureSteps {
 public:
  void begin_state() { begin_.push_back(to_.size()); }
  void add(std::uint32_t to, bool write) { to_.push_back(to << 1U | (write ? 1U : 0U)); }

  /// Under strong fairness every path of these steps ends in a part of the graph that it cannot leave. All is
  /// well if each such part consists of states at rest, with no write between them: `at_rest` by number of
  /// the state. Returns the states from which that is not so.
  [[nodiscard]] std::vector<std::uint32_t> restless(std::vector<bool> at_rest) const;

 private:
  template <class Each>
  void each(std::size_t from, Each const& visit) const {
    std::size_t const end = from + 1 < begin_.size() ? begin_[from + 1] : to_.size();
    for (std::size_t i = begin_[from]; i < end; ++i) visit(to_[i] >> 1U, (to_[i] & 1U) != 0);
  }

  std::vector<std::size_t> begin_;
  std::vector<std::uint32_t> to_;
};

/// A Model has: State (plain bytes); initial(); steps(state, Steps&); at_rest(state): done as section 7 wants
/// it; text(state).
template <class Model>
class Explorer {
 public:
  using State = typename Model::State;

  explicit Explorer(Model& model) : model_(model) {}

  Report explore(std::size_t most_states) {
    Report report;
    states_.insert(model_.initial());
    came_from_.push_back(0);
    Steps<State> steps(false);
    std::map<Breach, std::pair<std::uint32_t, std::size_t>> first;  // the state, and which of its steps
    for (std::uint32_t from = 0; from < states_.size(); ++from) {
      sure_.begin_state();
      steps.clear();
      State const state = states_[from];
      model_.steps(state, steps);
      report.steps += steps.all().size();
      for (std::size_t i = 0; i < steps.all().size(); ++i) {
        Step<State> const& step = steps.all()[i];
        for (Breach const& breach : step.breaches) {
          first.emplace(breach, std::pair{from, i});
          ++report.breaches[breach].steps_that_do;
        }
        auto const [to, is_new] = states_.insert(step.next);
        if (is_new) came_from_.push_back(from);
        if (step.kind != Kind::Fault) sure_.add(to, step.kind == Kind::Write);
      }
      if (states_.size() > most_states) {
        report.complete = false;
        break;
      }
    }
    report.states = states_.size();
    for (auto const& [breach, where] : first) {
      report.breaches[breach].trace = way_to(where.first);
      report.breaches[breach].trace.push_back(labelled_steps(where.first)[where.second].label);
    }
    if (report.complete) look_for_rest(report);
    return report;
  }

 private:
  void look_for_rest(Report& report) {
    std::vector<bool> at_rest(states_.size());
    for (std::size_t i = 0; i < states_.size(); ++i) at_rest[i] = model_.at_rest(states_[i]);
    std::vector<std::uint32_t> const restless = sure_.restless(std::move(at_rest));
    report.not_live = restless.size();
    if (restless.empty()) return;
    report.never_rests = way_to(restless.front());
    report.never_rests.push_back("from here it need never rest: " + model_.text(states_[restless.front()]));
  }

  std::vector<Step<State>> labelled_steps(std::uint32_t from) {
    Steps<State> steps(true);
    model_.steps(states_[from], steps);
    return steps.all();
  }

  std::vector<std::string> way_to(std::uint32_t to) {
    std::vector<std::string> labels;
    for (; to != 0; to = came_from_[to])
      for (Step<State> const& step : labelled_steps(came_from_[to]))
        if (states_.insert(step.next).first == to) {
          labels.push_back(step.label);
          break;
        }
    return {labels.rbegin(), labels.rend()};
  }

  Model& model_;
  StateSet<State> states_;
  std::vector<std::uint32_t> came_from_;
  SureSteps sure_;
};

}  // namespace trainyard::model
