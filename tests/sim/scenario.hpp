// What the users of a world do, what must come of it, and how a test counts its seeds.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/sim/world.hpp"

namespace trainyard::sim {

inline ObjectKey const kFitLocal{"TrainingRun", "default", "fit-local"};
inline ObjectKey const kFitCluster{"TrainingRun", "default", "fit-cluster"};
inline ObjectKey const kCpuCluster{"ComputeTarget", "default", "cpu-cluster"};
inline ObjectKey const kThisMachine{"ComputeTarget", "default", "this-machine"};
inline ObjectKey const kDemo{"Workspace", "default", "demo"};

/// What a user has written down about the quickstart's objects.
struct Wishes {
  struct Run {
    std::string name, target, arguments = {}, image = {};
    bool declared = true, suspended = false;
    int retries = 0;
  };
  int script = 0, nodes = 2;
  bool cluster = true;
  std::string drift_policy = {};
  Run local{"fit-local", "this-machine"}, remote{"fit-cluster", "cpu-cluster"};

  void write_to(World& world, std::size_t site = 0) const;
};

/// What another person puts to make or change a cluster of at most so many nodes.
Json cluster_body(int nodes);

bool all_ready(World const& world, std::size_t site = 0);
/// Removes every manifest and asks for the end of every object that is there.
void delete_all(World& world);
/// What is on its way lands, what is in doubt settles, and the cluster lets its idle nodes go.
void let_settle(World& world);
/// "" if nothing is written for an hour, no promise is broken and so many runs were ever made.
std::string at_rest(World& world, std::size_t runs);

struct Scenario {
  char const* name;
  /// Plays it to its end; "" if all is well, else what is not.
  std::function<std::string(World&)> play;
};
inline std::ostream& operator<<(std::ostream& out, Scenario const& scenario) { return out << scenario.name; }
/// One user, and whatever befalls him; whatever is killed or lost meanwhile, the outcome is the same.
std::vector<Scenario> const& scenarios();

/// Plays it in a fresh world; "" or the whole story of what is wrong. `world_seen` looks at the world at its
/// end.
std::string play(Scenario const& scenario, WorldOptions const& options,
                 std::function<void(World const&)> const& world_seen = {});

/// An environment variable that is a number, or `other` where it is not set.
std::uint64_t number(char const* variable, std::uint64_t other);

/// Plays for one seed after another: TRAINYARD_SEED=n that one alone, TRAINYARD_SEEDS=n so many.
/// Ends at the first that says something.
void for_seeds(std::uint64_t count, std::function<std::string(std::uint64_t seed)> const& play);

}  // namespace trainyard::sim
