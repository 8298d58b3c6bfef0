// One compute of a workspace, and its bodies as the service writes them.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "tests/azsim/arm.hpp"
#include "tests/azsim/cluster.hpp"

namespace trainyard::azsim {

struct ComputeRecord {
  enum class State { Creating, Succeeded, Failed, Deleting };
  std::string name, type;  // type: "AmlCompute", "ComputeInstance", "VirtualMachine", ..
  std::string location;
  Json tags, identity, description, resource_id;
  bool disable_local_auth = false;
  Json inner;  // properties.properties as sent
  WallTime created, modified;
  State state = State::Creating;
  bool survives = false;                          // Deleting, which will fail
  bool was_ready = false;                         // false: its first creation is under way, or failed
  std::optional<WallTime> until;                  // Creating and Deleting end then
  Json error;                                     // {code, message}: what creation will end with, or has
  std::optional<Cluster> cluster = std::nullopt;  // AmlCompute
  std::string power = "Running";          // ComputeInstance: Running, Stopped, and on the way Starting, ..
  std::string last_operation = "Create";  // ComputeInstance
  std::optional<WallTime> power_until = std::nullopt;
  std::set<std::string> jobs = {};  // on a compute without nodes of its own
};

/// Names the field and what is wrong with it; nothing if the service takes the body.
std::optional<std::string> wrong_compute(std::string_view name, Json const& body);
/// Whether this size exists for a cluster (compared without case).
bool known_vm_size(std::string_view size);
ScaleSettings scale_settings(Json const& inner);

/// As GET shows it.
Json show_compute(Shared const& shared, Workspace const& workspace, ComputeRecord const& record);

Json snapshot_of(ComputeRecord const& record);
Result<ComputeRecord> restore_compute(Json const& state, Duration resize);

}  // namespace trainyard::azsim
