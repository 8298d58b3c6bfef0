#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

using std::chrono::hours;

void expect(bool holds, std::string const& what) {
  if (!holds) throw Wrong{what};
}

Scenario scenario(char const* name, void (*acts)(World&)) {
  return {name, [acts](World& world) {
            try {
              acts(world);
            } catch (Wrong const& wrong) {
              return wrong.what;
            }
            return std::string();
          }};
}

Json cluster(World const& world) { return world.azure.compute(kWorkspace, "cpu-cluster"); }

std::int64_t most_nodes(World const& world) {
  return cluster(world).at({"properties", "properties", "scaleSettings", "maxNodeCount"}).integer_or(0);
}

std::string job_that_is(World const& world, std::string const& status) {
  for (std::string const& name : world.azure.job_names(kWorkspace))
    if (world.azure.job(kWorkspace, name).text({"properties", "status"}) == status) return name;
  return "";
}

void get_ready(World& world, std::string const& when) {
  expect(world.run_until([&] { return all_ready(world); }, hours(3)), "not all became ready: " + when);
}

void rest(World& world, std::size_t runs) {
  std::string const said = at_rest(world, runs);
  expect(said.empty(), said);
}

void wait_for_runs(World& world, std::size_t runs) {
  expect(world.run_until([&] { return world.judge.created().size() >= runs; }, hours(3)),
         "not " + std::to_string(runs) + " runs were made");
}

void leave(World& world) {
  delete_all(world);
  expect(world.run_until([&] { return world.empty(); }, hours(3)), "the objects did not go");
  expect(cluster(world).is_null(), "the cluster was left behind");
}

}  // namespace trainyard::sim
