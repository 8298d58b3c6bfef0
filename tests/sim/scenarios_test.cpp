// Each scenario as it is, under a rough network, with the operator killed just before and just after each of
// its effects, and with the answer to each of its calls lost.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

namespace {

struct Size {
  std::size_t effects = 0, calls = 0;
};

Size size_of(Scenario const& scenario) {
  Size size;
  std::string const said = play(scenario, {}, [&](World const& world) {
    size = {.effects = world.stage.effects(), .calls = world.stage.calls()};
  });
  BOOST_REQUIRE_MESSAGE(said.empty(), said);
  BOOST_TEST(size.effects > 10U);
  return size;
}

/// All of them are an hour's work: TRAINYARD_STRIDE=1.
std::size_t stride() { return number("TRAINYARD_STRIDE", 29); }

}  // namespace

BOOST_AUTO_TEST_SUITE(scenario_by_scenario)

BOOST_DATA_TEST_CASE(without_faults, boost::unit_test::data::make(scenarios()), scenario) {
  size_of(scenario);
}

BOOST_DATA_TEST_CASE(killed_at_every_effect, boost::unit_test::data::make(scenarios()), scenario) {
  std::size_t const effects = size_of(scenario).effects;
  for (std::size_t at = 1; at <= effects; at += stride())
    for (bool const before : {true, false}) {
      std::string const said = play(scenario, {.kill = Kill{.at = at, .before = before}});
      BOOST_REQUIRE_MESSAGE(said.empty(), said);
    }
}

BOOST_DATA_TEST_CASE(each_answer_lost_once, boost::unit_test::data::make(scenarios()), scenario) {
  std::size_t const calls = size_of(scenario).calls;
  for (std::size_t call = 1; call <= calls; call += stride()) {
    std::string const said = play(scenario, {.lost_call = call});
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
  }
}

BOOST_DATA_TEST_CASE(rough_network_from_a_seed, boost::unit_test::data::make(scenarios()), scenario) {
  for_seeds(4, [&](std::uint64_t seed) { return play(scenario, {.seed = seed, .faults = rough_network()}); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_trace) {
  auto const trace = [](std::uint64_t seed) {
    std::vector<std::string> told;
    play(scenarios().front(), {.seed = seed, .faults = rough_network()},
         [&](World const& world) { told = world.stage.trace(); });
    return told;
  };
  std::vector<std::string> const first = trace(5);
  BOOST_TEST(first.size() > 100U);
  BOOST_TEST((first == trace(5)));
  BOOST_TEST((first != trace(6)));
}

}  // namespace trainyard::sim
