#include "tests/sim/scenario.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/test/unit_test.hpp>

namespace trainyard::sim {

std::uint64_t number(char const* variable, std::uint64_t other) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? other : std::strtoull(text, nullptr, 10);
}

void apply_quickstart(World& world) {
  namespace fs = std::filesystem;
  fs::path const root = fs::path(TRAINYARD_SOURCE_DIR) / "manifests" / "samples" / "quickstart";
  for (char const* file : {"src/train.py", "src/tracking.py", "src/penguins.csv", "src/.amlignore",
                           "workspace.yaml", "compute.yaml", "runs.yaml"}) {
    std::ifstream const in(root / file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    world.write(file, text.str());
  }
}

bool all_ready(World const& world) {
  for (ObjectKey const& key : {kDemo, kThisMachine, kCpuCluster, kFitLocal, kFitCluster})
    if (!world.ready(key)) return false;
  return true;
}

void delete_all(World& world) {
  for (char const* file : {"runs.yaml", "compute.yaml", "workspace.yaml"}) world.remove(file);
  for (ObjectKey const& key : {kFitLocal, kFitCluster, kCpuCluster, kThisMachine, kDemo})
    if (world.object(key)) world.ask_to_delete(key);
}

void let_settle(World& world) {
  world.run_until([] { return false; }, std::chrono::minutes(30));
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
