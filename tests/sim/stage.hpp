// Where a world happens: its strands and its time, what is told of it, and the moment at which the operator
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

class Stage {
 public:
  explicit Stage(std::uint64_t seed);

  FakeClock clock;
  SeededRandom random;
  Fibers fibers;

  /// An effect outside the operator: other strands may go on before and after it, and a kill may strike.
  /// False if the operator is dead: then nothing was done. (What is dropped may still call out; it must do no
  /// good.)
  bool effect(std::string const& what, std::function<void()> const& act);

  void kill_at(std::optional<Kill> kill) { kill_ = kill; }
  [[nodiscard]] bool dead() const { return dead_; }
  /// A new process begins: nothing of the old one may be left.
  void revive() { dead_ = false; }
  void die() { dead_ = true; }

  [[nodiscard]] std::size_t effects() const { return effects_; }
  [[nodiscard]] bool chance(double share);  // by the seed
  [[nodiscard]] Duration between(Duration least, Duration most);

  void tell(std::string const& what);
  [[nodiscard]] std::vector<std::string> const& trace() const { return trace_; }
  /// The end of the trace, as a failure shows it: what was only read is left out.
  [[nodiscard]] std::string last(std::size_t lines) const;

 private:
  std::size_t effects_ = 0;
  std::optional<Kill> kill_;
  bool dead_ = false;
  std::vector<std::string> trace_;
};

}  // namespace trainyard::sim
