// One life of an operator in a world: a process, from its start to its end or its kill.
#pragma once

#include <memory>
#include <string>

#include "tests/sim/judge.hpp"
#include "tests/sim/sim_azure.hpp"
#include "tests/sim/sim_machine.hpp"
#include "tests/sim/site.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

inline constexpr std::string_view kCluster = "world";

class Life {
 public:
  struct Place {  // all of it outlives every life
    Stage& stage;
    Network& network;
    SimMachine& machine;
    Judge& judge;
  };
  /// `seed`: of what the operator draws by lot, such as jitter.
  Life(std::string name, Place const& place, Site& site, std::uint64_t seed, int workers);
  /// Its strands unwind; what they still call does nothing.
  ~Life();
  Life(Life const&) = delete;
  Life& operator=(Life const&) = delete;

  Pulse pulse;
  [[nodiscard]] Site& site() const { return site_; }
  /// The store has changes.
  void wake();

 private:
  struct Process;
  void begin(int workers);
  Place place_;
  Site& site_;
  std::unique_ptr<Process> process_;
};

}  // namespace trainyard::sim
