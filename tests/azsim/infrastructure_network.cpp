#include <algorithm>
#include <array>

#include "controller/base/encoding.hpp"
#include "tests/azsim/infrastructure.hpp"
#include "tests/azsim/jobs_automl.hpp"

namespace trainyard::azsim {
namespace {

Json or_else(Json const& value, Json other) { return value.is_null() ? std::move(other) : value; }

Json with_arrays(Json rule) {
  for (char const* field :
       {"sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes"})
    rule[field] = or_else(rule.at(field), Json::array());
  return rule;
}

Json rule_properties(ArmResources const&, ArmResource const& rule) { return with_arrays(rule.sent); }

struct DefaultRule {
  std::string_view name, description, source, destination, access;
  int priority;
  std::string_view direction;
};
constexpr std::array kDefaultRules{
    DefaultRule{"AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork",
                "VirtualNetwork", "Allow", 65000, "Inbound"},
    DefaultRule{"AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer",
                "AzureLoadBalancer", "*", "Allow", 65001, "Inbound"},
    DefaultRule{"DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", 65500, "Inbound"},
    DefaultRule{"AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET",
                "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Outbound"},
    DefaultRule{"AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet",
                "Allow", 65001, "Outbound"},
    DefaultRule{"DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", 65500, "Outbound"}};

Json default_rules(ArmResource const& group) {
  Json rules = Json::array();
  for (DefaultRule const& rule : kDefaultRules)
    rules.push_back(
        Json::object({{"name", rule.name},
                      {"id", group.id + "/defaultSecurityRules/" + std::string(rule.name)},
                      {"etag", group.etag},
                      {"type", "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"},
                      {"properties", with_arrays(Json::object({{"provisioningState", group.state},
                                                               {"description", rule.description},
                                                               {"protocol", "*"},
                                                               {"sourcePortRange", "*"},
                                                               {"destinationPortRange", "*"},
                                                               {"sourceAddressPrefix", rule.source},
                                                               {"destinationAddressPrefix", rule.destination},
                                                               {"access", rule.access},
                                                               {"priority", rule.priority},
                                                               {"direction", rule.direction}}))}}));
  return rules;
}

Json children(ArmResources const& resources, ArmResource const& parent, ArmKind const& kind) {
  Json shown = Json::array();
  for (ArmResource const* child : resources.list(parent.id, kind.type))
    shown.push_back(show_resource(kind, resources, *child));
  return shown;
}

constexpr ArmKind kRules{
    "Microsoft.Network/networkSecurityGroups/securityRules", "Updating", 1, true, "", rule_properties};

Json group_properties(ArmResources const& resources, ArmResource const& group) {
  return Json::object({{"resourceGuid", group.guid},
                       {"securityRules", children(resources, group, kRules)},
                       {"defaultSecurityRules", default_rules(group)}});
}

/// Interfaces with an address in this subnet, oldest first.
std::vector<ArmResource const*> interfaces_in(ArmResources const& resources, std::string_view subnet) {
  std::vector<ArmResource const*> found;
  for (auto const& [id, resource] : resources.all())
    for (Json const& configuration : resource.sent.at("ipConfigurations").items())
      if (same_name(configuration.text({"properties", "subnet", "id"}), subnet)) found.push_back(&resource);
  return found;
}

std::string configuration_id(ArmResource const& interface, Json const& configuration) {
  return interface.id + "/ipConfigurations/" + configuration.text("name");
}

Json subnet_properties(ArmResources const& resources, ArmResource const& subnet) {
  Json properties = overlaid(Json::object({{"addressPrefix", nullptr},
                                           {"delegations", Json::array()},
                                           {"privateEndpointNetworkPolicies", "Disabled"},
                                           {"privateLinkServiceNetworkPolicies", "Enabled"}}),
                             subnet.sent);
  Json used = Json::array();
  for (ArmResource const* interface : interfaces_in(resources, subnet.id))
    for (Json const& configuration : interface->sent.at("ipConfigurations").items())
      used.push_back(Json::object({{"id", configuration_id(*interface, configuration)}}));
  if (!used.items().empty()) properties["ipConfigurations"] = std::move(used);
  return properties;
}

constexpr ArmKind kSubnets{
    "Microsoft.Network/virtualNetworks/subnets", "Updating", 3, true, "", subnet_properties};

Json network_properties(ArmResources const& resources, ArmResource const& network) {
  Json properties = overlaid(Json::object({{"resourceGuid", network.guid},
                                           {"addressSpace", nullptr},
                                           {"virtualNetworkPeerings", Json::array()},
                                           {"enableDdosProtection", false},
                                           {"enableVmProtection", false}}),
                             network.sent);
  properties["subnets"] = children(resources, network, kSubnets);
  return properties;
}

Json address_properties(ArmResources const& resources, ArmResource const& address) {
  Json properties = overlaid(Json::object({{"resourceGuid", address.guid},
                                           {"publicIPAddressVersion", "IPv4"},
                                           {"publicIPAllocationMethod", "Dynamic"},
                                           {"idleTimeoutInMinutes", 4},
                                           {"ipTags", Json::array()}}),
                             address.sent);
  if (properties.text("publicIPAllocationMethod") == "Static" && address.state == "Succeeded")
    properties["ipAddress"] = "203.0.113.7";
  for (auto const& [id, resource] : resources.all())
    for (Json const& configuration : resource.sent.at("ipConfigurations").items())
      if (same_name(configuration.text({"properties", "publicIPAddress", "id"}), address.id))
        properties["ipConfiguration"] = Json::object({{"id", configuration_id(resource, configuration)}});
  return properties;
}

/// The first that Azure gives out is the fifth of the subnet.
std::string private_address(ArmResources const& resources, ArmResource const& interface,
                            std::string const& subnet) {
  constexpr std::size_t kReserved = 4;
  ArmResource const* const network = resources.find(subnet);
  std::string const prefix = network == nullptr ? "10.0.0.0/24" : network->sent.text("addressPrefix");
  std::vector<ArmResource const*> const there = interfaces_in(resources, subnet);
  auto const place =
      static_cast<std::size_t>(std::find(there.begin(), there.end(), &interface) - there.begin());
  return prefix.substr(0, prefix.rfind('.') + 1) + std::to_string(kReserved + place);
}

Json interface_properties(ArmResources const& resources, ArmResource const& interface) {
  Json configurations = Json::array();
  for (Json const& sent : interface.sent.at("ipConfigurations").items()) {
    Json const& given = sent.at("properties");
    Json properties = overlaid(
        Json::object(
            {{"provisioningState", interface.state},
             {"privateIPAddress", private_address(resources, interface, given.text({"subnet", "id"}))},
             {"privateIPAllocationMethod", "Dynamic"},
             {"primary", configurations.items().empty()},
             {"privateIPAddressVersion", "IPv4"}}),
        given);
    configurations.push_back(Json::object({{"name", sent.at("name")},
                                           {"id", configuration_id(interface, sent)},
                                           {"etag", interface.etag},
                                           {"type", "Microsoft.Network/networkInterfaces/ipConfigurations"},
                                           {"properties", std::move(properties)}}));
  }
  Json properties = overlaid(
      Json::object({{"resourceGuid", interface.guid},
                    {"ipConfigurations", nullptr},
                    {"dnsSettings",
                     Json::object({{"dnsServers", Json::array()},
                                   {"appliedDnsServers", Json::array()},
                                   {"internalDomainNameSuffix", hex(sha256(interface.guid)).substr(0, 26) +
                                                                    ".bx.internal.cloudapp.net"}})},
                    {"enableAcceleratedNetworking", false},
                    {"vnetEncryptionSupported", false},
                    {"enableIPForwarding", false},
                    {"hostedWorkloads", Json::array()},
                    {"tapConfigurations", Json::array()},
                    {"nicType", "Standard"}}),
      interface.sent);
  properties["ipConfigurations"] = std::move(configurations);
  for (auto const& [id, resource] : resources.all())
    for (Json const& used : resource.sent.at({"networkProfile", "networkInterfaces"}).items())
      if (same_name(used.text("id"), interface.id)) {
        properties["macAddress"] = "00-0D-3A-19-31-10";
        properties["primary"] = true;
        properties["virtualMachine"] = Json::object({{"id", resource.id}});
      }
  return properties;
}

constexpr ArmKind kNetworks{
    "Microsoft.Network/virtualNetworks", "Updating", 3, true, "subnets", network_properties};
constexpr ArmKind kGroups{
    "Microsoft.Network/networkSecurityGroups", "Updating", 1, true, "securityRules", group_properties};
constexpr ArmKind kAddresses{
    "Microsoft.Network/publicIPAddresses", "Updating", 1, true, "", address_properties};
constexpr ArmKind kInterfaces{
    "Microsoft.Network/networkInterfaces", "Succeeded", 0, true, "", interface_properties};

}  // namespace

std::vector<ArmKind const*> network_kinds() {
  return {&kNetworks, &kSubnets, &kGroups, &kRules, &kAddresses, &kInterfaces};
}

}  // namespace trainyard::azsim
