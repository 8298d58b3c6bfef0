// What the worlds' users apply, and how a test counts its seeds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/sim/world.hpp"

namespace trainyard::sim {

inline ObjectKey const kFitLocal{"TrainingRun", "default", "fit-local"};
inline ObjectKey const kFitCluster{"TrainingRun", "default", "fit-cluster"};
inline ObjectKey const kCpuCluster{"ComputeTarget", "default", "cpu-cluster"};
inline ObjectKey const kThisMachine{"ComputeTarget", "default", "this-machine"};
inline ObjectKey const kDemo{"Workspace", "default", "demo"};

/// The quickstart's folder, as it is.
void apply_quickstart(World& world);
bool all_ready(World const& world);
/// Removes every manifest and asks for the end of every object that is there.
void delete_all(World& world);
/// What is on its way lands, what is in doubt settles, and the cluster lets its idle nodes go.
void let_settle(World& world);

/// An environment variable that is a number, or `other` where it is not set.
std::uint64_t number(char const* variable, std::uint64_t other);

/// Plays a scenario for one seed after another: TRAINYARD_SEED=n that one alone, TRAINYARD_SEEDS=n so many.
/// Ends at the first that says something.
void for_seeds(std::uint64_t count, std::function<std::string(std::uint64_t seed)> const& play);

}  // namespace trainyard::sim
