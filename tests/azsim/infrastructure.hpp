// Virtual machines and the networks they are in: kept resources, and what each kind shows of them.
// Source: recordings attach, vm, network; sheet 5.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

struct ArmResource {
  std::string id, name, location;
  Json tags, sku, identity;
  Json sent;  // properties
  std::string guid, etag;
  std::optional<WallTime> until;  // being made, changed or deleted until then
  bool going = false;             // deleted
  Json error;                     // with which that ends; null: it succeeds
  std::string power = "running";  // of a machine
  std::string state;              // provisioningState
};

/// By lower-case id, so that what is below a resource follows it.
class ArmResources {
 public:
  [[nodiscard]] ArmResource const* find(std::string_view id) const;
  [[nodiscard]] ArmResource* find(std::string_view id);
  ArmResource& keep(ArmResource resource);
  void erase_with_children(std::string_view id);
  /// Of a type ("Microsoft.Network/virtualNetworks"), below a scope: a subscription, a group or a resource.
  [[nodiscard]] std::vector<ArmResource const*> list(std::string_view scope, std::string_view type) const;
  [[nodiscard]] std::map<std::string, ArmResource>& all() { return by_id_; }
  [[nodiscard]] std::map<std::string, ArmResource> const& all() const { return by_id_; }

 private:
  std::map<std::string, ArmResource> by_id_;
};

struct ArmKind {
  std::string_view type;   // with the parent's: "Microsoft.Network/virtualNetworks/subnets"
  std::string_view first;  // provisioningState with which its PUT is answered
  int wait;                // Retry-After of that answer; 0: none
  bool has_etag;
  std::string_view children;  // the property in which a PUT may bring some; "" if there is none
  /// All properties but provisioningState, which it may put into what is inside.
  Json (*properties)(ArmResources const& resources, ArmResource const& resource);

  [[nodiscard]] std::string_view provider() const { return type.substr(0, type.find('/')); }
  [[nodiscard]] std::string operations() const { return last_segment(type); }  // "subnets"
  [[nodiscard]] bool is_child() const { return type.find('/', type.find('/') + 1) != type.npos; }
};

std::vector<ArmKind const*> network_kinds();
ArmKind const& machine_kind();

/// {id, name, type, etag, properties}, as a GET of it shows it.
Json show_resource(ArmKind const& kind, ArmResources const& resources, ArmResource const& resource);
/// Of a machine: its agent, disks and states.
Json instance_view(ArmResource const& machine, WallTime now);
/// Of a machine, by its interface; "" if it has none.
std::string public_address(ArmResources const& resources, ArmResource const& machine);

}  // namespace trainyard::azsim
