// The whole operator in one thread on virtual time, against the Azure simulator and a real directory store.
// The seed decides who goes on, what fails and what is late.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/azsim/azsim.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/sim_azure.hpp"
#include "tests/sim/sim_machine.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

inline constexpr std::string_view kCluster = "world";
inline constexpr char const* kWorkspace = "demo";

struct WorldOptions {
  std::uint64_t seed = 1;
  NetworkFaults faults = {};
  std::optional<Kill> kill = std::nullopt;
  int workers = 3;
};

/// A mixed lot of faults, each rare enough that the operator comes forward.
NetworkFaults rough_network();

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // What a user does. Paths are below the folder of manifests.
  void write(std::string const& path, std::string const& text);
  [[nodiscard]] std::string read(std::string const& path) const;
  void remove(std::string const& path);
  void ask_to_delete(ObjectKey const& key);

  /// Goes on until `done` says so. False if that takes longer than `within`, or a promise is broken.
  bool run_until(std::function<bool()> const& done, Duration within);
  /// Goes on that long. True if nothing was written meanwhile: to Azure, the store or the machine.
  bool is_quiet_for(Duration span);
  void heal() { network_.set_faults({}); }
  /// The operator dies now and is started again.
  void restart();

  [[nodiscard]] ObjectPtr object(ObjectKey const& key) const;
  [[nodiscard]] bool settled() const;  // all ready or stalled, by their current generations
  [[nodiscard]] bool empty() const { return count() == 0; }
  [[nodiscard]] bool ready(ObjectKey const& key) const;
  [[nodiscard]] std::size_t count() const;  // of objects

  Stage stage;
  azsim::AzureSim azure;
  SimMachine machine;
  Judge judge;

  /// What a failure shows: the broken promises, how to repeat the world, the end of its trace.
  [[nodiscard]] std::string story() const;

 private:
  struct Process;  // what a kill takes away
  void boot();
  void bury();
  void look_at_folder();
  void step();

  WorldOptions const options_;
  SeededRandom azure_random_;
  SimAzure network_;
  std::filesystem::path folder_;
  int boots_ = 0;
  SteadyTime stuck_since_{};
  std::size_t stuck_steps_ = 0, judged_ = 0, objects_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace trainyard::sim
