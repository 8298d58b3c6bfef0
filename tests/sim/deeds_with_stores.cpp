// Stores that are lost, and more than one operator.
#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

void loses_the_store(World& world) {
  Wishes().write_to(world);
  wait_for_runs(world, 2);
  world.lose_store();
  get_ready(world);
  world.lose_store();
  get_ready(world, "again");
  rest(world, 2);
  leave(world);
}

void has_two_operators_for_a_while(World& world) {
  Wishes().write_to(world);
  world.run_for(seconds(5));
  world.add_operator(0);
  world.run_for(minutes(5));
  world.leave_operators(0, 1);
  get_ready(world);
  rest(world, 2);
  leave(world);
}

}  // namespace

std::vector<Scenario> deeds_with_stores() {
  return {
      scenario("loses_the_store", loses_the_store),
      scenario("has_two_operators_for_a_while", has_two_operators_for_a_while),
  };
}

}  // namespace trainyard::sim
