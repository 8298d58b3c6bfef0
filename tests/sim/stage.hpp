// Where a world happens: its strands and its time, what is told of it, and the moment at which an operator
// is killed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/random.hpp"
#include "tests/sim/fibers.hpp"

namespace trainyard::sim {

/// Just before or just after the n-th effect on Azure, store or machine, counted from 1.
struct Kill {
  std::size_t at = 0;
  bool before = false;
};

/// Whether an operator lives. Once it is dead, what is left of it may still call out; it must do no good.
struct Pulse {
  std::string name;
  bool dead = false;
};

class Stage {
 public:
  explicit Stage(std::uint64_t seed);

  FakeClock clock;
  SeededRandom random;
  Fibers fibers;

  /// An effect of an operator outside itself: other strands may go on before and after it, and a kill may
  /// strike. Nothing is done for a dead one.
  void effect(Pulse& whose, std::string const& what, std::function<void()> const& act);
  /// One call to Azure: is it the one whose answer is to be lost?
  bool loses_answer() { return ++calls_ == lost_call_; }

  void kill_at(std::optional<Kill> kill) { kill_ = kill; }
  void lose_answer_of(std::size_t call) { lost_call_ = call; }  // counted from 1; 0: of none

  [[nodiscard]] std::size_t effects() const { return effects_; }
  [[nodiscard]] std::size_t calls() const { return calls_; }
  [[nodiscard]] bool chance(double share);  // by the seed
  [[nodiscard]] Duration between(Duration least, Duration most);

  void tell(std::string const& what);
  [[nodiscard]] std::vector<std::string> const& trace() const { return trace_; }
  /// The end of the trace, as a failure shows it: what was only read is left out.
  [[nodiscard]] std::string last(std::size_t lines) const;

 private:
  std::size_t effects_ = 0, calls_ = 0, lost_call_ = 0;
  std::optional<Kill> kill_;
  std::vector<std::string> trace_;
};

}  // namespace trainyard::sim
