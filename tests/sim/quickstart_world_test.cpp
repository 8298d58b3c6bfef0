// The quickstart's scenario, with faults from a seed and with the operator killed at every effect.
#include <boost/test/unit_test.hpp>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

void edit_script(World& world) {
  world.write("src/train.py", world.read("src/train.py") + "\n# once more\n");
}

/// Apply, wait, edit, wait, delete, wait; after each the world rests and nothing more is written. "" if all
/// is well.
std::string quickstart(WorldOptions const& options, std::size_t* effects = nullptr) {
  World world(options);
  auto const fail = [&](std::string const& what) { return what + "\n" + world.story(); };
  apply_quickstart(world);
  if (!world.run_until([&] { return all_ready(world); }, hours(3)))
    return fail("the first apply did not become ready");
  world.heal();
  let_settle(world);
  if (!world.is_quiet_for(hours(2))) return fail("something was written though nothing was to do");
  if (world.judge.created().size() != 2) return fail("not one run each");
  world.restart();
  if (!world.run_until([&] { return all_ready(world); }, minutes(30)))
    return fail("not ready after a restart");
  if (!world.is_quiet_for(minutes(30))) return fail("a restart was not silent");
  if (world.judge.created().size() != 2) return fail("something ran again after a restart");

  edit_script(world);
  if (!world.run_until([&] { return all_ready(world) && world.judge.created().size() == 4; }, hours(1)))
    return fail("the edited script did not make one new run of each");

  delete_all(world);
  if (!world.run_until([&] { return world.empty(); }, hours(1))) return fail("the objects did not go");
  if (!world.azure.compute(kWorkspace, "cpu-cluster").is_null()) return fail("the cluster was left behind");
  if (!world.is_quiet_for(hours(1))) return fail("something was written though nothing is there");
  if (!world.judge.verdicts().empty()) return fail("a promise was broken");
  if (effects != nullptr) *effects = world.stage.effects();
  return "";
}

/// Only as far as everything is ready and at rest: what a kill during it may spoil shows by then.
std::string first_apply(WorldOptions const& options, std::size_t* effects = nullptr) {
  World world(options);
  apply_quickstart(world);
  bool const ready = world.run_until([&] { return all_ready(world); }, hours(3));
  if (effects != nullptr) *effects = world.stage.effects();
  if (!ready) return "not ready\n" + world.story();
  let_settle(world);
  if (!world.is_quiet_for(hours(1)) || !world.judge.verdicts().empty()) return "no rest\n" + world.story();
  if (world.judge.created().size() != 2) return "not one run each\n" + world.story();
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quickstart_world)

BOOST_AUTO_TEST_CASE(without_faults) {
  std::string const said = quickstart({.seed = 1});
  BOOST_TEST(said.empty(), said);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_trace) {
  auto const trace = [](std::uint64_t seed) {
    World world({.seed = seed, .faults = rough_network()});
    apply_quickstart(world);
    world.run_until([&] { return all_ready(world); }, hours(1));
    return world.stage.trace();
  };
  std::vector<std::string> const first = trace(5);
  BOOST_TEST(first.size() > 100U);
  BOOST_TEST((first == trace(5)));
  BOOST_TEST((first != trace(6)));
}

BOOST_AUTO_TEST_CASE(with_faults_from_a_seed) {
  for_seeds(50, [](std::uint64_t seed) { return quickstart({.seed = seed, .faults = rough_network()}); });
}

BOOST_AUTO_TEST_CASE(killed_at_every_effect) {
  std::size_t effects = 0;
  std::string const whole = first_apply({.seed = 1}, &effects);
  BOOST_REQUIRE_MESSAGE(whole.empty(), whole);
  BOOST_TEST(effects > 20U);
  for (std::size_t at = 1; at <= effects; at += number("TRAINYARD_STRIDE", 1))
    for (bool const before : {true, false}) {
      std::string const said = first_apply({.seed = 1, .kill = Kill{.at = at, .before = before}});
      BOOST_REQUIRE_MESSAGE(said.empty(), said);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::sim
