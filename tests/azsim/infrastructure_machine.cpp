#include "controller/base/encoding.hpp"
#include "tests/azsim/infrastructure.hpp"
#include "tests/azsim/jobs_automl.hpp"

namespace trainyard::azsim {
namespace {

constexpr int kLinuxDisk = 30, kWindowsDisk = 127;

bool is_windows(ArmResource const& machine) {
  return machine.sent.at({"osProfile", "windowsConfiguration"}).is_object() ||
         machine.sent.text({"storageProfile", "imageReference", "offer"}).find("Windows") !=
             std::string::npos;
}

std::string os_disk_name(ArmResource const& machine) {
  std::string const given = machine.sent.text({"storageProfile", "osDisk", "name"});
  if (!given.empty()) return given;
  return machine.name + "_OsDisk_1_" + hex(sha256(machine.guid)).substr(0, 32);
}

Json disk(ArmResource const& machine, Json const& sent, std::string const& name, Json defaults) {
  Json shown = overlaid(std::move(defaults), sent);
  shown["managedDisk"] =
      overlaid(Json::object({{"storageAccountType", "Standard_LRS"}}), sent.at("managedDisk"));
  if (machine.state == "Creating") return shown;  // its name is given with the disk itself
  shown["name"] = name;
  std::string const group = machine.id.substr(0, machine.id.find("/providers/"));
  shown["managedDisk"]["id"] = group + "/providers/Microsoft.Compute/disks/" + name;
  return shown;
}

Json storage(ArmResource const& machine) {
  Json const& sent = machine.sent.at("storageProfile");
  bool const windows = is_windows(machine);
  Json image = sent.at("imageReference");
  if (image.text("version") == "latest") image["exactVersion"] = "18.04.202401161";
  Json disks = Json::array();
  for (Json const& data : sent.at("dataDisks").items())
    disks.push_back(disk(machine, data,
                         machine.name + "_disk" + std::to_string(disks.items().size() + 2) + "_" +
                             hex(sha256(machine.guid + std::to_string(disks.items().size()))).substr(0, 32),
                         Json::object({{"createOption", "Empty"},
                                       {"caching", "None"},
                                       {"deleteOption", "Detach"},
                                       {"toBeDetached", false}})));
  return Json::object({{"imageReference", std::move(image)},
                       {"osDisk", disk(machine, sent.at("osDisk"), os_disk_name(machine),
                                       Json::object({{"osType", windows ? "Windows" : "Linux"},
                                                     {"createOption", "FromImage"},
                                                     {"caching", "ReadWrite"},
                                                     {"deleteOption", "Detach"},
                                                     {"diskSizeGB", windows ? kWindowsDisk : kLinuxDisk}}))},
                       {"dataDisks", std::move(disks)}});
}

/// Without what is secret.
Json os_profile(ArmResource const& machine) {
  Json profile = overlaid(Json::object({{"secrets", Json::array()},
                                        {"allowExtensionOperations", true},
                                        {"requireGuestProvisionSignal", true}}),
                          machine.sent.at("osProfile"));
  for (char const* secret : {"adminPassword", "customData"}) profile.erase(secret);
  bool const windows = is_windows(machine);
  char const* const field = windows ? "windowsConfiguration" : "linuxConfiguration";
  Json defaults = Json::object({{"provisionVMAgent", true}});
  if (windows)
    defaults["enableAutomaticUpdates"] = true;
  else
    defaults["disablePasswordAuthentication"] = false;
  defaults["patchSettings"] = Json::object(
      {{"patchMode", windows ? "AutomaticByOS" : "ImageDefault"}, {"assessmentMode", "ImageDefault"}});
  profile[field] = overlaid(std::move(defaults), profile.at(field));
  return profile;
}

Json machine_properties(ArmResources const&, ArmResource const& machine) {
  Json properties = overlaid(Json::object({{"vmId", machine.guid}}), machine.sent);
  properties["storageProfile"] = storage(machine);
  properties["osProfile"] = os_profile(machine);
  return properties;
}

Json status(std::string_view code, std::string_view shown, std::optional<WallTime> time) {
  Json said = Json::object({{"code", code}, {"level", "Info"}, {"displayStatus", shown}});
  if (time) said["time"] = seven_digits(*time);
  return said;
}

constexpr ArmKind kMachines{
    "Microsoft.Compute/virtualMachines", "Creating", 10, false, "", machine_properties};

}  // namespace

ArmKind const& machine_kind() { return kMachines; }

Json instance_view(ArmResource const& machine, WallTime now) {
  bool const windows = is_windows(machine), runs = machine.power == "running";
  Json view = Json::object({{"computerName", machine.sent.at({"osProfile", "computerName"})},
                            {"osName", windows ? "Windows Server 2016 Datacenter" : "ubuntu"},
                            {"osVersion", windows ? "10.0.14393" : "22.04"}});
  if (runs) {
    Json agent = status("ProvisioningState/succeeded", "Ready", now);
    agent["message"] = "Guest Agent is running";
    view["vmAgent"] = Json::object({{"vmAgentVersion", "2.9.1.1"},
                                    {"statuses", Json::array({std::move(agent)})},
                                    {"extensionHandlers", Json::array()}});
  }
  Json disk = Json::object(
      {{"name", os_disk_name(machine)},
       {"statuses", Json::array({status("ProvisioningState/succeeded", "Provisioning succeeded", now)})}});
  view["disks"] = Json::array({std::move(disk)});
  view["extensions"] = Json::array();
  view["hyperVGeneration"] = "V1";
  view["statuses"] =
      Json::array({status("ProvisioningState/succeeded", "Provisioning succeeded", now),
                   status("PowerState/" + machine.power, "VM " + machine.power, std::nullopt)});
  return view;
}

std::string public_address(ArmResources const& resources, ArmResource const& machine) {
  for (Json const& used : machine.sent.at({"networkProfile", "networkInterfaces"}).items()) {
    ArmResource const* const interface = resources.find(used.text("id"));
    if (interface == nullptr) continue;
    for (Json const& configuration : interface->sent.at("ipConfigurations").items())
      if (ArmResource const* const address =
              resources.find(configuration.text({"properties", "publicIPAddress", "id"})))
        for (ArmKind const* kind : network_kinds())
          if (kind->operations() == "publicIPAddresses")
            return kind->properties(resources, *address).text("ipAddress");
  }
  return "";
}

}  // namespace trainyard::azsim
