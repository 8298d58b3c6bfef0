// Computes of a workspace. Source: Azure ML REST, Compute, 2023-10-01, and recorded answers
// (docs/azure-facts.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

struct ComputeNodes {
  std::int64_t current = 0, target = 0, preparing = 0, running = 0, idle = 0, unusable = 0, leaving = 0,
               preempted = 0;
  bool operator==(ComputeNodes const&) const = default;
};

/// What a compute is; which answer told it is no part of that.
struct ComputeState {
  std::string id, name, type;  // type: AmlCompute, ComputeInstance, ... (open enumeration)
  std::string location;
  Json tags = Json::object();           // object of texts
  std::string created_on, modified_on;  // as Azure wrote them
  std::string provisioning_state;       // as it came
  std::string vm_size, vm_priority;     // vm_size is upper case in answers
  std::optional<std::int64_t> min_nodes, max_nodes;
  std::optional<Duration> idle_time;  // null in a Failed one
  std::string allocation_state;       // "" while null
  std::optional<ComputeNodes> nodes;
  std::vector<std::string> errors;  // "Code: message", provisioning errors and node errors
  bool attached = false;
  bool complete = true;  // false when a list item had nulls that only a GET tells (rule 5)
  [[nodiscard]] bool succeeded() const { return same_text(provisioning_state, "Succeeded"); }
  [[nodiscard]] bool failed() const {
    return same_text(provisioning_state, "Failed") || same_text(provisioning_state, "Canceled");
  }
  [[nodiscard]] bool deleting() const { return same_text(provisioning_state, "Deleting"); }
  bool operator==(ComputeState const&) const = default;
};

struct Compute : ComputeState {
  Json body;         // the whole answer of a GET or PUT, on which a PUT rests; null in lists and the cache
  WallTime began{};  // when the request that brought it began (rule 1)
  WallTime date{};   // that answer's Date, Azure's clock (rule 7)
  std::uint64_t order = 0;  // ArmAnswer::order of that request
};
Result<Compute> parse_compute(Json const& body);
/// An index may lag behind what an answer has told already. What can only grow shows it: the times.
bool is_stale(Compute const& item, Compute const& known);

struct ComputeList {
  std::vector<Compute> items;
  ArmList told;
};

/// Thin calls; the AzureScope wraps them and keeps the cache.
class ComputesClient {
 public:
  ComputesClient(ArmClient& arm, WorkspaceId id) : arm_(arm), id_(std::move(id)) {}
  /// nullopt: absent, by the 404 of the compute itself. A 404 of a parent is an Error (rule 2).
  Result<std::optional<Compute>> get(std::string const& name, Urgency urgency, Context const& context,
                                     ArmTold* told = nullptr);
  /// With a token reserved for it, or not.
  Result<Compute> put(std::string const& name, Json const& body, Context const& context,
                      std::optional<WriteToken> token = std::nullopt);
  /// underlyingResourceAction=Delete; 204 is fine.
  Result<Done> remove(std::string const& name, Context const& context, ArmTold* told = nullptr);
  /// All of them; an item that cannot be read (an unknown type may look like anything) is left out.
  Result<ComputeList> list(Context const& context);

 private:
  [[nodiscard]] std::string path(std::string const& name) const;

  ArmClient& arm_;
  WorkspaceId id_;
};

}  // namespace trainyard::azure
