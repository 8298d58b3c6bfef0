#include "tests/sim/scenario.hpp"

#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "tests/sim/acts.hpp"

namespace trainyard::sim {

using std::chrono::hours;
using std::chrono::minutes;

bool all_ready(World const& world, std::size_t site) {
  for (ObjectKey const& key : {kDemo, kThisMachine, kCpuCluster, kFitLocal, kFitCluster})
    if (!world.ready(key, site)) return false;
  return true;
}

void delete_all(World& world) {
  for (char const* file : {"runs.yaml", "compute.yaml", "workspace.yaml"}) world.remove(file);
  for (ObjectKey const& key : {kFitLocal, kFitCluster, kCpuCluster, kThisMachine, kDemo})
    if (world.object(key)) world.ask_to_delete(key);
}

void let_settle(World& world) { world.run_for(minutes(15)); }

std::string at_rest(World& world, std::size_t runs) {
  world.heal();
  let_settle(world);
  if (!world.is_quiet_for(hours(1))) return "something was written though nothing was to do";
  if (!world.judge.verdicts().empty()) return "a promise was broken";
  std::size_t const made = world.judge.created().size();
  return made == runs ? "" : "not " + std::to_string(runs) + " runs were made, but " + std::to_string(made);
}

std::vector<Scenario> const& scenarios() {
  static std::vector<Scenario> const all = [] {
    std::vector<Scenario> both = changes();
    for (Scenario& one : mishaps()) both.push_back(std::move(one));
    return both;
  }();
  return all;
}

std::string play(Scenario const& scenario, WorldOptions const& options,
                 std::function<void(World const&)> const& world_seen) {
  World world(options);
  std::string said = scenario.play(world);
  if (said.empty() && !world.judge.verdicts().empty()) said = "a promise was broken";
  if (world_seen) world_seen(world);
  return said.empty() ? "" : std::string(scenario.name) + ": " + said + "\n" + world.story();
}

std::uint64_t number(char const* variable, std::uint64_t other) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? other : std::strtoull(text, nullptr, 10);
}

void for_seeds(std::uint64_t count, std::function<std::string(std::uint64_t seed)> const& play) {
  std::uint64_t const one = number("TRAINYARD_SEED", 0);
  std::uint64_t const first = one != 0 ? one : 1, last = one != 0 ? one : number("TRAINYARD_SEEDS", count);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    std::string const said = play(seed);
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
  }
}

}  // namespace trainyard::sim
