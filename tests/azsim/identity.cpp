#include "tests/azsim/identity.hpp"

namespace trainyard::azsim {

Json completed_identity(Shared const& shared, Json const& given, Json const& before) {
  std::string const type = given.text("type").empty() ? "SystemAssigned" : given.text("type");
  if (same_name(type, "None")) return Json::object({{"type", "None"}});
  bool const system = lower(type).find("systemassigned") != std::string::npos;
  Json identity = Json::object({{"type", type}});
  identity["principalId"] = !system                                ? Json()
                            : before.at("principalId").is_string() ? before.at("principalId")
                                                                   : Json(shared.guid());
  identity["tenantId"] = shared.options.tenant;
  if (lower(type).find("userassigned") == std::string::npos) return identity;
  Json users =
      before.at("userAssignedIdentities").is_object() ? before.at("userAssignedIdentities") : Json::object();
  for (auto const& [id, value] : given.at("userAssignedIdentities").members()) {
    if (value.is_null())
      users.erase(id);
    else if (users.find(id) == nullptr)
      users[id] = Json::object({{"principalId", shared.guid()}, {"clientId", shared.guid()}});
  }
  identity["userAssignedIdentities"] = std::move(users);
  return identity;
}

}  // namespace trainyard::azsim
