// Each scenario as it is, under a rough network, with the operator killed just before and just after each of
// its effects, and with the answer to each of its calls lost.
#include <cstdlib>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

namespace {

struct Size {
  std::size_t effects = 0, calls = 0;
};

Size size_of(Scenario const& scenario, StoreKind store = StoreKind::Directory) {
  Size size;
  std::string const said = play(scenario, {.store = store}, [&](World const& world) {
    size = {.effects = world.stage.effects(), .calls = world.stage.calls()};
  });
  BOOST_REQUIRE_MESSAGE(said.empty(), said);
  BOOST_TEST(size.effects > 10U);
  return size;
}

/// All, or the one that TRAINYARD_SCENARIO names.
std::vector<Scenario> chosen() {
  char const* const name = std::getenv("TRAINYARD_SCENARIO");
  std::vector<Scenario> all = scenarios();
  if (name != nullptr)
    std::erase_if(all, [&](Scenario const& scenario) { return std::string_view(name) != scenario.name; });
  return all;
}

/// Every one from 1 to `most`. TRAINYARD_STRIDE=n leaves n - 1 out after each; TRAINYARD_AT=n is that one
/// alone.
void for_each_of(std::size_t most, std::function<std::string(std::size_t at)> const& play) {
  std::size_t const one = number("TRAINYARD_AT", 0), stride = number("TRAINYARD_STRIDE", 1);
  for (std::size_t at = one != 0 ? one : 1; at <= (one != 0 ? one : most); at += stride) {
    std::string const said = play(at);
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scenario_by_scenario)

BOOST_DATA_TEST_CASE(without_faults, boost::unit_test::data::make(chosen()), scenario) { size_of(scenario); }

BOOST_DATA_TEST_CASE(rough_network_from_a_seed, boost::unit_test::data::make(chosen()), scenario) {
  for_seeds(12,
            [&](std::uint64_t seed) { return play(scenario, {.seed = seed, .faults = rough_network()}); });
}

BOOST_DATA_TEST_CASE(lying_service_from_a_seed, boost::unit_test::data::make(chosen()), scenario) {
  for_seeds(4, [&](std::uint64_t seed) { return play(scenario, {.seed = seed, .lies = lying_service()}); });
}

BOOST_DATA_TEST_CASE(on_an_api_server, boost::unit_test::data::make(chosen()), scenario) {
  size_of(scenario, StoreKind::ApiServer);
}

BOOST_DATA_TEST_CASE(rough_api_server_from_a_seed, boost::unit_test::data::make(chosen()), scenario) {
  for_seeds(4, [&](std::uint64_t seed) {
    return play(
        scenario,
        {.seed = seed, .store = StoreKind::ApiServer, .api = rough_api(), .streams_lists = seed % 2 == 1});
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sweep)

BOOST_DATA_TEST_CASE(killed_at_every_effect, boost::unit_test::data::make(chosen()), scenario) {
  for_each_of(size_of(scenario).effects, [&](std::size_t at) {
    std::string const before = play(scenario, {.kill = Kill{.at = at, .before = true}});
    return before.empty() ? play(scenario, {.kill = Kill{.at = at, .before = false}}) : before;
  });
}

BOOST_DATA_TEST_CASE(each_answer_lost_once, boost::unit_test::data::make(chosen()), scenario) {
  for_each_of(size_of(scenario).calls, [&](std::size_t call) { return play(scenario, {.lost_call = call}); });
}

BOOST_DATA_TEST_CASE(killed_on_an_api_server, boost::unit_test::data::make(chosen()), scenario) {
  for_each_of(size_of(scenario, StoreKind::ApiServer).effects, [&](std::size_t at) {
    auto const killed = [&](bool before) {
      return play(scenario, {.store = StoreKind::ApiServer, .kill = Kill{.at = at, .before = before}});
    };
    std::string const before = killed(true);
    return before.empty() ? killed(false) : before;
  });
}

BOOST_DATA_TEST_CASE(answers_lost_on_an_api_server, boost::unit_test::data::make(chosen()), scenario) {
  for_each_of(size_of(scenario, StoreKind::ApiServer).calls, [&](std::size_t call) {
    return play(scenario, {.store = StoreKind::ApiServer, .lost_call = call});
  });
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
