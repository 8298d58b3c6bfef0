// What scenarios are made of: what a user waits for, and what must be so.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

/// Ends the scenario, which goes wrong then, unless this holds.
void expect(bool holds, std::string const& what);
Scenario scenario(char const* name, void (*acts)(World&));

/// The cluster as Azure shows it; null if there is none.
Json cluster(World const& world);
std::int64_t most_nodes(World const& world);
/// The one remote job that is in this state; "" if there is none.
std::string job_that_is(World const& world, std::string const& status);

void get_ready(World& world, std::string const& when = "first");
void rest(World& world, std::size_t runs);
void wait_for_runs(World& world, std::size_t runs);
void wait_for_a_running_job(World& world);
void leave(World& world);

/// Users who change their minds, and others who change what they have.
std::vector<Scenario> changes();
/// What is lost, late, refused or not to be seen.
std::vector<Scenario> mishaps();

}  // namespace trainyard::sim
