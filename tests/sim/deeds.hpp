// What scenarios are made of: steps that end one when they do not go as they should.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

/// What ends a scenario that does not go as it should.
struct Wrong {
  std::string what;
};
void expect(bool holds, std::string const& what);

/// A scenario of these acts.
Scenario scenario(char const* name, void (*acts)(World&));

Json cluster(World const& world);
std::int64_t most_nodes(World const& world);
/// The one remote job that is in this state; "" if there is none.
std::string job_that_is(World const& world, std::string const& status);

void get_ready(World& world, std::string const& when = "first");
void rest(World& world, std::size_t runs);
void wait_for_runs(World& world, std::size_t runs);
/// Everything is deleted, and the cluster goes with it.
void leave(World& world);

// All there are, by theme.
std::vector<Scenario> deeds_of_users();
std::vector<Scenario> deeds_of_others();
std::vector<Scenario> deeds_with_stores();
std::vector<Scenario> deeds_in_bad_moments();

}  // namespace trainyard::sim
