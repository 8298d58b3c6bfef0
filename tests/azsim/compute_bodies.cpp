// Source: recordings compute and attach; reports of users for ComputeInstance; OpenAPI 2023-10-01.
#include <algorithm>
#include <array>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/compute_record.hpp"

namespace trainyard::azsim {
namespace {

using State = ComputeRecord::State;

std::string_view state_name(State state) {
  switch (state) {
    case State::Creating:
      return "Creating";
    case State::Succeeded:
      return "Succeeded";
    case State::Failed:
      return "Failed";
    case State::Deleting:
      break;
  }
  return "Deleting";
}

Json or_else(Json const& value, Json other) { return value.is_null() ? std::move(other) : value; }

Json shown_scale(Json const& given) {
  return Json::object({{"maxNodeCount", given.at("maxNodeCount")},
                       {"minNodeCount", or_else(given.at("minNodeCount"), 0)},
                       {"nodeIdleTimeBeforeScaleDown", given.at("nodeIdleTimeBeforeScaleDown")}});
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Json shown_counts(NodeCounts const& counts) {
  return Json::object({{"preparingNodeCount", counts.preparing},
                       {"runningNodeCount", counts.running},
                       {"idleNodeCount", counts.idle},
                       {"unusableNodeCount", 0},
                       {"leavingNodeCount", counts.leaving},
                       {"preemptedNodeCount", 0}});
}

/// Seconds and milliseconds, as allocationStateTransitionTime has them.
std::string milliseconds(WallTime time) {
  std::string text = to_rfc3339(time);
  text.pop_back();
  return text + "+00:00";
}

Json aml_compute(Shared const& shared, ComputeRecord const& record) {
  Json const& given = record.inner;
  bool const settled =
      record.state == State::Succeeded || (record.state == State::Deleting && record.was_ready);
  bool const failed = record.state == State::Failed;
  Json inner = Json::object({{"vmSize", upper(given.text("vmSize"))},
                             {"vmPriority", or_else(given.at("vmPriority"), "Dedicated")},
                             {"scaleSettings", shown_scale(given.at("scaleSettings"))}});
  Json const& account = given.at("userAccountCredentials");
  if (settled && account.is_object())
    inner["userAccountCredentials"] =
        Json::object({{"adminUserName", account.at("adminUserName")},
                      {"adminUserPassword", nullptr},
                      {"adminUserSshPublicKey", account.at("adminUserSshPublicKey")}});
  inner["subnet"] = given.at("subnet");
  NodeCounts const counts = settled ? record.cluster->counts(shared.now()) : NodeCounts();
  inner["currentNodeCount"] = settled ? Json(counts.current) : Json();
  inner["targetNodeCount"] = settled ? Json(counts.target) : Json();
  inner["nodeStateCounts"] = settled ? shown_counts(counts) : Json();
  inner["allocationState"] = settled ? Json(record.cluster->resizing() ? "Resizing" : "Steady") : Json();
  if (settled) inner["allocationStateTransitionTime"] = milliseconds(record.cluster->changed_at());
  inner["errors"] = nullptr;
  std::string const login = given.text("remoteLoginPortPublicAccess");
  bool const unspecified = login.empty() || login == "NotSpecified";
  inner["remoteLoginPortPublicAccess"] = failed || (unspecified && !settled) ? "NotSpecified"
                                         : unspecified                       ? "Enabled"
                                                                             : login;
  if (!failed) inner["osType"] = or_else(given.at("osType"), "Linux");
  inner["virtualMachineImage"] = given.at("virtualMachineImage");
  inner["isolatedNetwork"] = or_else(given.at("isolatedNetwork"), false);
  if (!failed && given.at("enableNodePublicIp").is_bool())
    inner["enableNodePublicIp"] = given.at("enableNodePublicIp");
  if (settled) {
    inner["enableBatchPrivateLink"] = false;
    inner["propertyBag"] = or_else(given.at("propertyBag"), Json::object());
  }
  return inner;
}

Json compute_instance(Shared const& shared, Workspace const& workspace, ComputeRecord const& record) {
  Json const& given = record.inner;
  Json inner = Json::object({{"vmSize", upper(given.text("vmSize"))}});
  for (std::string_view const name : {"subnet", "setupScripts", "personalComputeInstanceSettings"})
    if (!given.at(name).is_null()) inner[name] = given.at(name);
  inner["applicationSharingPolicy"] = or_else(given.at("applicationSharingPolicy"), "Shared");
  inner["computeInstanceAuthorizationType"] =
      or_else(given.at("computeInstanceAuthorizationType"), "personal");
  inner["createdBy"] =
      Json::object({{"userOrgId", shared.options.tenant}, {"userId", shared.options.client}});
  if (!record.was_ready) return inner;
  std::string const host = "https://" + record.name + "." + workspace.location + ".instances.azureml.ms";
  Json const& ssh = given.at("sshSettings");
  inner["state"] = record.state == State::Deleting ? "Deleting" : record.power;
  inner["sshSettings"] = Json::object({{"sshPublicAccess", or_else(ssh.at("sshPublicAccess"), "Disabled")},
                                       {"adminUserName", "azureuser"},
                                       {"sshPort", 4000}});
  if (ssh.at("adminPublicKey").is_string()) inner["sshSettings"]["adminPublicKey"] = ssh.at("adminPublicKey");
  inner["errors"] = Json::array();
  inner["connectivityEndpoints"] =
      Json::object({{"publicIpAddress", "203.0.113.8"}, {"privateIpAddress", "10.0.0.4"}});
  inner["applications"] =
      Json::array({Json::object({{"displayName", "Jupyter"}, {"endpointUri", host + "/tree/"}}),
                   Json::object({{"displayName", "Jupyter Lab"}, {"endpointUri", host + "/lab"}})});
  inner["lastOperation"] = Json::object({{"operationName", record.last_operation},
                                         {"operationTime", milliseconds(record.modified)},
                                         {"operationStatus", record.power_until ? "InProgress" : "Succeeded"},
                                         {"operationTrigger", "User"}});
  inner["schedules"] = or_else(given.at("schedules"), Json::object({{"computeStartStop", Json::array()}}));
  inner["customServices"] = Json::array();
  inner["versions"] = Json::object({{"runtime", "1.50.0"}});
  inner["osImageMetadata"] = Json::object({{"isLatestOsImageVersion", true},
                                           {"currentImageVersion", "23.06.01"},
                                           {"latestImageVersion", "23.06.01"}});
  return inner;
}

/// A machine that was attached. Its size and address are the machine's, if that is one of the simulator's.
Json virtual_machine(Shared const& shared, ComputeRecord const& record) {
  Json const& given = record.inner;
  std::optional<Infrastructure::Machine> const machine =
      shared.infrastructure->machine(record.resource_id.string_or(""));
  std::string const size = machine ? machine->size : "STANDARD_D1_V2";
  Json const address = machine && !machine->address.empty() ? Json(machine->address)
                                                            : or_else(given.at("address"), "203.0.113.7");
  return Json::object(
      {{"virtualMachineSize", upper(or_else(given.at("virtualMachineSize"), size).string_or(""))},
       {"sshPort", or_else(given.at("sshPort"), 22)},
       {"notebookServerPort", given.at("notebookServerPort")},
       {"address", address},
       {"ipAddress", address},
       {"administratorAccount", nullptr},
       {"imageVersion", nullptr},
       {"applicationUris", nullptr},
       {"createdBy", nullptr}});
}

Json without_nulls(Json const& value) {
  if (!value.is_object()) return value;
  Json kept = Json::object();
  for (auto const& [name, member] : value.members())
    if (!member.is_null()) kept[name] = without_nulls(member);
  return kept;
}

/// Other attached kinds: what was sent, without what is secret.
Json attached(ComputeRecord const& record) {
  Json inner = without_nulls(record.inner);
  for (std::string_view const name :
       {"databricksAccessToken", "administratorAccount", "kustoConnectionString",
        "servicePrincipalCredentials", "serviceBusConnectionString", "relayConnectionString"})
    inner.erase(name);
  return inner;
}

bool is_attached(std::string_view type) { return type != "AmlCompute" && type != "ComputeInstance"; }

/// STANDARD_ and a family that clusters offer, then the size. Source: message of InvalidPropertyValue, which
/// names the sizes; B sizes are not among them.
constexpr std::array<std::string_view, 18> kFamilies = {"A",  "D",  "DS", "E", "F",  "FS", "G",  "GS", "H",
                                                        "HB", "HC", "L",  "M", "NC", "ND", "NP", "NV", "DC"};

}  // namespace

bool known_vm_size(std::string_view size) {
  constexpr std::string_view kPrefix = "STANDARD_";
  std::string const text = upper(std::string(size));
  if (!text.starts_with(kPrefix)) return false;
  std::string const rest = text.substr(kPrefix.size());
  std::size_t const digits = rest.find_first_of("0123456789");
  return digits != std::string::npos &&
         std::find(kFamilies.begin(), kFamilies.end(), rest.substr(0, digits)) != kFamilies.end();
}

ScaleSettings scale_settings(Json const& inner) {
  Json const& given = inner.at("scaleSettings");
  ScaleSettings scale{.min = static_cast<int>(given.at("minNodeCount").integer_or(0)),
                      .max = static_cast<int>(given.at("maxNodeCount").integer_or(0))};
  if (Result<Duration> const idle = parse_iso_duration(given.text("nodeIdleTimeBeforeScaleDown")))
    scale.idle = *idle;
  return scale;
}

std::optional<std::string> wrong_compute(std::string_view name, Json const& body) {
  bool const letters =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
  if (name.size() < 2 || name.size() > 32 || !letters ||
      std::isalpha(static_cast<unsigned char>(name[0])) == 0 || name.back() == '-')
    return "Compute name is invalid. It can include letters, digits and dashes. It must start with a letter, "
           "end "
           "with a letter or digit, and be between 2 and 32 characters in length.";
  std::string const type = body.text({"properties", "computeType"});
  if (type.empty()) return "The computeType of compute " + std::string(name) + " is missing.";
  Json const& inner = body.at({"properties", "properties"});
  if (is_attached(type)) return std::nullopt;
  if (inner.text("vmSize").empty()) return "The vmSize of compute " + std::string(name) + " is missing.";
  if (type != "AmlCompute") return std::nullopt;
  Json const& scale = inner.at("scaleSettings");
  std::int64_t const min = scale.at("minNodeCount").integer_or(0);
  std::int64_t const max = scale.at("maxNodeCount").integer_or(-1);
  if (max < 0 || min < 0 || min > max)
    return "The scaleSettings of compute " + std::string(name) +
           " are invalid: minNodeCount must be between 0 and maxNodeCount.";
  return std::nullopt;
}

Json show_compute(Shared const& shared, Workspace const& workspace, ComputeRecord const& record) {
  bool const first = record.state == State::Creating && !record.was_ready;
  bool const is_attachment = is_attached(record.type);
  Json body = Json::object(
      {{"id", workspace.id + "/computes/" + record.name},
       {"name", record.name},
       {"type", std::string(kProvider) + "/workspaces/computes"},
       {"location", record.location},
       {"tags", first || (is_attachment && record.tags.is_null()) ? record.tags
                                                                  : or_else(record.tags, Json::object())}});
  if (record.identity.is_object()) body["identity"] = record.identity;
  Json properties = Json::object({{"createdOn", seven_digits(record.created)},
                                  {"modifiedOn", seven_digits(record.modified)},
                                  {"disableLocalAuth", record.disable_local_auth},
                                  {"description", record.description},
                                  {"resourceId", record.resource_id},
                                  {"computeType", record.type}});
  if (!first || is_attachment) properties["computeLocation"] = record.location;
  properties["provisioningState"] = state_name(record.state);
  properties["provisioningErrors"] =
      record.state == State::Failed ? Json::array({Json::object({{"error", record.error}})}) : Json();
  if (record.type == "VirtualMachine") properties["provisioningWarnings"] = nullptr;
  properties["isAttachedCompute"] = is_attachment;
  Json inner = record.type == "AmlCompute"        ? aml_compute(shared, record)
               : record.type == "ComputeInstance" ? compute_instance(shared, workspace, record)
               : record.type == "VirtualMachine"  ? virtual_machine(shared, record)
                                                  : attached(record);
  if (!inner.is_null()) properties["properties"] = std::move(inner);
  body["properties"] = std::move(properties);
  return body;
}

Json snapshot_of(ComputeRecord const& record) {
  auto const time = [](std::optional<WallTime> const& at) { return at ? Json(to_rfc3339(*at)) : Json(); };
  Json jobs = Json::array();
  for (std::string const& job : record.jobs) jobs.push_back(job);
  return Json::object({{"name", record.name},
                       {"type", record.type},
                       {"location", record.location},
                       {"tags", record.tags},
                       {"identity", record.identity},
                       {"description", record.description},
                       {"resourceId", record.resource_id},
                       {"disableLocalAuth", record.disable_local_auth},
                       {"inner", record.inner},
                       {"created", to_rfc3339(record.created)},
                       {"modified", to_rfc3339(record.modified)},
                       {"state", state_name(record.state)},
                       {"survives", record.survives},
                       {"wasReady", record.was_ready},
                       {"until", time(record.until)},
                       {"error", record.error},
                       {"cluster", record.cluster ? record.cluster->snapshot() : Json()},
                       {"power", record.power},
                       {"lastOperation", record.last_operation},
                       {"powerUntil", time(record.power_until)},
                       {"jobs", std::move(jobs)}});
}

Result<ComputeRecord> restore_compute(Json const& state, Duration resize) {
  auto const time = [&](std::string_view name) {
    Result<WallTime> const at = parse_rfc3339(state.text(name));
    return at ? std::optional<WallTime>(*at) : std::nullopt;
  };
  ComputeRecord record{.name = state.text("name"),
                       .type = state.text("type"),
                       .location = state.text("location"),
                       .tags = state.at("tags"),
                       .identity = state.at("identity"),
                       .description = state.at("description"),
                       .resource_id = state.at("resourceId"),
                       .disable_local_auth = state.at("disableLocalAuth").bool_or(false),
                       .inner = state.at("inner"),
                       .created = time("created").value_or(WallTime()),
                       .modified = time("modified").value_or(WallTime()),
                       .survives = state.at("survives").bool_or(false),
                       .was_ready = state.at("wasReady").bool_or(false),
                       .until = time("until"),
                       .error = state.at("error")};
  for (State const known : {State::Creating, State::Succeeded, State::Failed, State::Deleting})
    if (state.text("state") == state_name(known)) record.state = known;
  if (state.at("cluster").is_object()) {
    Result<Cluster> cluster = Cluster::restore(state.at("cluster"), scale_settings(record.inner), resize);
    if (!cluster) return cluster.error();
    record.cluster = std::move(*cluster);
  }
  record.power = state.text("power");
  record.last_operation = state.text("lastOperation");
  record.power_until = time("powerUntil");
  for (Json const& job : state.at("jobs").items()) record.jobs.insert(job.string_or(""));
  return record;
}

}  // namespace trainyard::azsim
