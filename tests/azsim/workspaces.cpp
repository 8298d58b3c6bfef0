// Workspaces: put, get, patch, delete, list, listKeys. Source: recordings workspace and attach; OpenAPI
// 2023-10-01.
#include <map>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/arm.hpp"
#include "tests/azsim/blobs_key.hpp"
#include "tests/azsim/identity.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPage = 50;

struct Record {
  Workspace facts;
  std::string kind;
  Json tags, identity;
  Json given;  // the properties that a caller may write, as given
  WallTime created, modified;
  std::optional<WallTime> ready, gone;  // being made, being deleted until then
};

std::string key_of(std::string_view group, std::string_view name) {
  return lower(std::string(group) + "/" + std::string(name));
}

/// As the service spells the namespaces of what a workspace rests on.
std::string respelled(std::string id) {
  for (std::string const spelling : {"/Microsoft.Keyvault/", "/Microsoft.insights/"})
    if (std::size_t const at = lower(id).find(lower(spelling)); at != std::string::npos)
      id.replace(at, spelling.size(), spelling);
  return id;
}

Json optional_time(std::optional<WallTime> const& time) { return time ? Json(to_rfc3339(*time)) : Json(); }
std::optional<WallTime> read_time(Json const& item, std::string_view name) {
  Result<WallTime> const time = parse_rfc3339(item.text(name));
  return time ? std::optional<WallTime>(*time) : std::nullopt;
}

/// An outbound rule as the service completes it.
Json shown_rule(Json rule) {
  rule["status"] = "Inactive";
  if (rule.text("category").empty()) rule["category"] = "UserDefined";
  if (rule.text("type") == "PrivateEndpoint") rule["destination"]["sparkStatus"] = "Inactive";
  return rule;
}

class WorkspaceService final : public Workspaces {
 public:
  explicit WorkspaceService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const serve = [&](std::string name, std::string method, std::string pattern,
                           HttpResponse (WorkspaceService::*handler)(Call const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::move(pattern),
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    std::string const one(kWorkspacePattern);
    std::string const of_group = one.substr(0, one.rfind('/'));
    serve("workspaces.list", "GET",
          "/subscriptions/{sub}/providers/" + std::string(kProvider) + "/workspaces",
          &WorkspaceService::list);
    serve("workspaces.list", "GET", of_group, &WorkspaceService::list);
    serve("workspaces.get", "GET", one, &WorkspaceService::get);
    serve("workspaces.put", "PUT", one, &WorkspaceService::put);
    serve("workspaces.patch", "PATCH", one, &WorkspaceService::patch);
    serve("workspaces.delete", "DELETE", one, &WorkspaceService::remove);
    serve("workspaces.listKeys", "POST", one + "/listKeys", &WorkspaceService::list_keys);
    serve("workspaces.resyncKeys", "POST", one + "/resyncKeys", &WorkspaceService::resync_keys);
    serve("workspaces.listStorageAccountKeys", "POST", one + "/listStorageAccountKeys",
          &WorkspaceService::list_storage_keys);
    serve("workspaces.listNotebookKeys", "POST", one + "/listNotebookKeys",
          &WorkspaceService::list_notebook_keys);
  }

  void tick(WallTime now) override {
    std::erase_if(records_,
                  [&](auto const& record) { return record.second.gone && *record.second.gone <= now; });
    for (auto& [key, record] : records_)
      if (record.ready && *record.ready <= now) record.ready.reset();
  }

  [[nodiscard]] Workspace const* find(std::string_view group, std::string_view name) const override {
    auto const found = records_.find(key_of(group, name));
    return found == records_.end() || found->second.gone ? nullptr : &found->second.facts;
  }
  [[nodiscard]] Workspace const* find_by_guid(std::string_view guid) const override {
    for (auto const& [key, record] : records_)
      if (same_name(record.facts.guid, guid) && !record.gone) return &record.facts;
    return nullptr;
  }
  [[nodiscard]] std::vector<Workspace const*> all() const override {
    std::vector<Workspace const*> result;
    for (auto const& [key, record] : records_)
      if (!record.gone) result.push_back(&record.facts);
    return result;
  }
  [[nodiscard]] Json show(std::string_view id) const override {
    for (auto const& [key, record] : records_)
      if (same_name(record.facts.id, id)) return shown(record);
    return {};
  }
  void add(std::string const& group, std::string const& name) override {
    shared_.groups->add(group);
    auto const [found, created] = records_.try_emplace(key_of(group, name));
    if (!created) return;
    found->second = made(group, name, shared_.options.location);
    std::string const near = "/subscriptions/" + shared_.options.subscription + "/resourceGroups/" + group;
    found->second.given =
        Json::object({{"friendlyName", name},
                      {"applicationInsights", near + "/providers/Microsoft.insights/components/" + name}});
    settle_given(found->second);
  }
  void remove_all_of(std::string_view group) override {
    std::erase_if(records_, [&](auto const& record) { return same_name(record.second.facts.group, group); });
  }

  [[nodiscard]] Json snapshot() const override {
    Json all = Json::array();
    for (auto const& [key, record] : records_)
      all.push_back(Json::object({{"group", record.facts.group},
                                  {"name", record.facts.name},
                                  {"guid", record.facts.guid},
                                  {"location", record.facts.location},
                                  {"storageAccount", record.facts.storage_account},
                                  {"kind", record.kind},
                                  {"tags", record.tags},
                                  {"identity", record.identity},
                                  {"given", record.given},
                                  {"created", to_rfc3339(record.created)},
                                  {"modified", to_rfc3339(record.modified)},
                                  {"ready", optional_time(record.ready)},
                                  {"gone", optional_time(record.gone)}}));
    return all;
  }
  Result<Done> restore(Json const& state) override {
    records_.clear();
    for (Json const& item : state.items()) {
      Record record{.facts = facts(item.text("group"), item.text("name")),
                    .kind = item.text("kind"),
                    .tags = item.at("tags"),
                    .identity = item.at("identity"),
                    .given = item.at("given"),
                    .created = read_time(item, "created").value_or(WallTime()),
                    .modified = read_time(item, "modified").value_or(WallTime()),
                    .ready = read_time(item, "ready"),
                    .gone = read_time(item, "gone")};
      record.facts.guid = item.text("guid");
      record.facts.location = item.text("location");
      record.facts.storage_account = item.text("storageAccount");
      records_.insert_or_assign(key_of(record.facts.group, record.facts.name), std::move(record));
    }
    return Done{};
  }

 private:
  [[nodiscard]] Workspace facts(std::string const& group, std::string const& name) const {
    Workspace workspace{};
    workspace.group = group;
    workspace.name = name;
    workspace.id = "/subscriptions/" + shared_.options.subscription + "/resourceGroups/" + group +
                   "/providers/" + std::string(kProvider) + "/workspaces/" + name;
    return workspace;
  }

  [[nodiscard]] Record made(std::string const& group, std::string const& name, std::string const& location) {
    Record record{.facts = facts(group, name),
                  .kind = "Default",
                  .tags = Json::object(),
                  .identity = completed_identity(shared_, Json::object({{"type", "SystemAssigned"}}), {}),
                  .given = Json::object(),
                  .created = shared_.now(),
                  .modified = shared_.now(),
                  .ready = std::nullopt,
                  .gone = std::nullopt};
    record.facts.guid = shared_.guid();
    record.facts.location = location;
    return record;
  }

  /// What a workspace rests on is always there, and spelled as the service spells it.
  void settle_given(Record& record) {
    std::string const near =
        "/subscriptions/" + shared_.options.subscription + "/resourceGroups/" + record.facts.group;
    std::string const own = record.facts.guid.substr(0, 8);
    Json& given = record.given;
    if (given.text("storageAccount").empty())
      given["storageAccount"] = near + "/providers/Microsoft.Storage/storageAccounts/st" + own;
    if (given.text("keyVault").empty())
      given["keyVault"] = near + "/providers/Microsoft.Keyvault/vaults/kv" + own;
    for (std::string_view const name : {"keyVault", "applicationInsights"})
      if (given.at(name).is_string()) given[name] = respelled(given.text(name));
    record.facts.storage_account = lower(last_segment(given.text("storageAccount")));
  }

  [[nodiscard]] Json shown_network(Record const& record) const {
    Json const& given = record.given.at("managedNetwork");
    std::string const mode = given.text("isolationMode").empty() ? "Disabled" : given.text("isolationMode");
    Json rules = Json::object();
    for (auto const& [name, rule] : given.at("outboundRules").members())
      if (!rule.is_null()) rules[name] = shown_rule(rule);
    return Json::object(
        {{"isolationMode", mode},
         {"networkId", record.facts.guid},
         {"outboundRules", std::move(rules)},
         {"status", Json::object({{"status", "Inactive"}, {"sparkReady", false}})},
         {"changeableIsolationModes", Json::array({"AllowInternetOutbound", "AllowOnlyApprovedOutbound"})}});
  }

  [[nodiscard]] Json shown(Record const& record) const {
    Workspace const& own = record.facts;
    auto const given = [&](std::string_view name, Json other) {
      Json const& value = record.given.at(name);
      return value.is_null() ? std::move(other) : value;
    };
    std::string const data_plane = data_plane_url(shared_.options);
    Json properties = Json::object(
        {{"friendlyName", given("friendlyName", "")},
         {"description", given("description", "")},
         {"storageAccount", given("storageAccount", Json())},
         {"keyVault", given("keyVault", Json())},
         {"applicationInsights", given("applicationInsights", Json())},
         {"hbiWorkspace", given("hbiWorkspace", false)},
         {"tenantId", shared_.options.tenant},
         {"imageBuildCompute", given("imageBuildCompute", Json())},
         {"provisioningState", record.gone    ? "Deleting"
                               : record.ready ? "Creating"
                                              : "Succeeded"},
         {"managedNetwork", shown_network(record)},
         {"allowRoleAssignmentOnRG", true},
         {"v1LegacyMode", given("v1LegacyMode", false)},
         {"softDeleteEnabled", false},
         {"containerRegistry", given("containerRegistry", "")},
         {"creationTime", seven_digits_z(record.created)},
         {"notebookInfo", Json::object({{"resourceId", hex(md5(own.guid))},
                                        {"fqdn", "ml-" + own.name.substr(0, 16) + "-" + own.location + "-" +
                                                     own.guid + "." + own.location + ".notebooks.azure.net"},
                                        {"isPrivateLinkEnabled", false},
                                        {"notebookPreparationError", nullptr}})},
         {"storageHnsEnabled", false},
         {"workspaceId", own.guid},
         {"linkedModelInventoryArmId", nullptr},
         {"privateLinkCount", 0},
         {"publicNetworkAccess", given("publicNetworkAccess", "Enabled")},
         {"ipAllowlist", given("ipAllowlist", Json::array())},
         {"discoveryUrl", data_plane + "/discovery"},
         {"mlFlowTrackingUri",
          "azureml" + data_plane.substr(data_plane.find("://")) + "/mlflow/v1.0" + own.id},
         {"serverlessComputeSettings", given("serverlessComputeSettings", Json())},
         {"EnableSoftwareBillOfMaterials", false},
         {"sdkTelemetryAppInsightsKey", "00000000-0000-0000-0000-000000000000"},
         {"sasGetterUri", ""},
         {"enableDataIsolation", given("enableDataIsolation", false)},
         {"azureOpenAI", Json::object({{"endpoint", nullptr},
                                       {"provisioningState", "NotStarted"},
                                       {"proxyResourceId", nullptr},
                                       {"resourceId", nullptr}})}});
    for (std::string_view const name : {"primaryUserAssignedIdentity", "featureStoreSettings", "encryption"})
      if (!record.given.at(name).is_null()) properties[name] = record.given.at(name);
    Json data = shared_.system_data(record.created, record.modified);
    data["createdAt"] = seven_digits_z(record.created);
    data["lastModifiedAt"] = seven_digits_z(record.modified);
    return Json::object({{"id", own.id},
                         {"name", own.name},
                         {"type", std::string(kProvider) + "/workspaces"},
                         {"location", own.location},
                         {"tags", record.tags},
                         {"etag", nullptr},
                         {"properties", std::move(properties)},
                         {"identity", record.identity},
                         {"kind", record.kind},
                         {"sku", Json::object({{"name", "Basic"}, {"tier", "Basic"}})},
                         {"systemData", std::move(data)}});
  }

  [[nodiscard]] Record* record_of(Call const& call) {
    auto const found = records_.find(key_of(call.name("rg"), call.name("ws")));
    return found == records_.end() ? nullptr : &found->second;
  }

  HttpResponse list(Call const& call) {
    auto const group = call.names.find("rg");
    Json::Array items;
    for (auto const& [key, record] : records_)
      if (group == call.names.end() || same_name(record.facts.group, group->second))
        items.push_back(shown(record));
    return json_reply(200, page(shared_, call, items, kPage));
  }

  HttpResponse get(Call const& call) {
    Record const* record = record_of(call);
    return record == nullptr ? workspace_not_found(call) : json_reply(200, shown(*record));
  }

  HttpResponse put(Call const& call) {
    std::string const location = call.body.text("location");
    if (location.empty())
      return gateway_error(400, "LocationRequired", "The location property is required for this definition.");
    Record const* record = record_of(call);
    bool const is_new = record == nullptr;
    if (!is_new && !same_name(record->facts.location, location))
      return gateway_error(409, "InvalidResourceLocation",
                           "The resource '" + record->facts.name + "' already exists in location '" +
                               record->facts.location + "' in resource group '" + record->facts.group +
                               "'. A resource with the same name cannot be created in location '" + location +
                               "'. Please select a new resource name.");
    if (!is_new && record->gone) return busy(call);
    Record changed = is_new ? made(call.name("rg"), call.name("ws"), location) : *record;
    if (is_new) changed.ready = call.now + shared_.options.provision;
    if (std::string const kind = call.body.text("kind"); !kind.empty()) changed.kind = kind;
    changed.tags = call.body.at("tags").is_object() ? call.body.at("tags") : Json::object();
    if (call.body.at("identity").is_object())
      changed.identity = completed_identity(shared_, call.body.at("identity"), changed.identity);
    changed.given = call.body.at("properties").is_object() ? call.body.at("properties") : Json::object();
    return change(call, std::move(changed), is_new ? shared_.options.provision : shared_.options.del);
  }

  HttpResponse patch(Call const& call) {
    Record const* record = record_of(call);
    if (record == nullptr) return workspace_not_found(call);
    if (record->gone) return busy(call);
    Record changed = *record;
    if (call.body.at("tags").is_object()) changed.tags = call.body.at("tags");
    if (call.body.at("identity").is_object())
      changed.identity = completed_identity(shared_, call.body.at("identity"), changed.identity);
    Json const& properties = call.body.at("properties");
    for (auto const& [name, value] : properties.members()) {
      if (name == "managedNetwork")
        patch_network(changed, value);
      else if (!value.is_null())
        changed.given[name] = value;
    }
    // Seen in recordings: the first PATCH that does not name it takes it away.
    if (properties.at("enableDataIsolation").is_null()) changed.given.erase("enableDataIsolation");
    return change(call, std::move(changed), shared_.options.del);
  }

  /// An operation that fails changes nothing.
  HttpResponse change(Call const& call, Record changed, Duration takes) {
    changed.modified = call.now;
    settle_given(changed);
    HttpResponse reply = begun(call, changed, takes);
    if (call.failure.is_null())
      records_.insert_or_assign(key_of(changed.facts.group, changed.facts.name), std::move(changed));
    return reply;
  }

  static void patch_network(Record& record, Json const& change) {
    Json& network = record.given["managedNetwork"];
    if (change.at("isolationMode").is_string()) network["isolationMode"] = change.at("isolationMode");
    for (auto const& [name, rule] : change.at("outboundRules").members())
      network["outboundRules"][name] = rule;
  }

  HttpResponse remove(Call const& call) {
    Record* record = record_of(call);
    if (record == nullptr) return empty_reply(204);
    WallTime const ends = record->gone.value_or(call.now + shared_.options.del);
    if (call.failure.is_null()) record->gone = ends;
    return begun(call, *record, ends - call.now);
  }

  static std::string key_of_use(Record const& record, std::string_view use) {
    return base64(sha256(record.facts.guid + std::string(use)));
  }
  static std::string storage_key(Record const& record) {
    return base64(account_key(record.facts.storage_account));
  }
  static Json notebook_keys(Record const& record) {
    return Json::object({{"primaryAccessKey", key_of_use(record, "notebook1")},
                         {"secondaryAccessKey", key_of_use(record, "notebook2")}});
  }

  HttpResponse list_keys(Call const& call) {
    Record const* record = record_of(call);
    Json const storage = record->given.at("storageAccount");
    return json_reply(200, Json::object({{"userStorageKey", storage_key(*record)},
                                         {"userStorageArmId", storage},
                                         {"userStorageResourceId", storage},
                                         {"appInsightsInstrumentationKey", nullptr},
                                         {"containerRegistryCredentials", nullptr},
                                         {"notebookAccessKeys", notebook_keys(*record)}}));
  }
  HttpResponse list_storage_keys(Call const& call) {
    return json_reply(200, Json::object({{"userStorageKey", storage_key(*record_of(call))}}));
  }
  HttpResponse list_notebook_keys(Call const& call) {
    return json_reply(200, notebook_keys(*record_of(call)));
  }
  HttpResponse resync_keys(Call const& call) { return begun(call, *record_of(call), shared_.options.del); }

  HttpResponse begun(Call const& call, Record const& record, Duration takes) {
    std::string const id = base64url(sha256(shared_.guid()));
    constexpr std::string_view kFamily = "workspaceOperationsStatus";
    shared_.operations.begin({.family = std::string(kFamily),
                              .id = id,
                              .target = record.facts.id,
                              .ends = call.now + takes,
                              .error = call.failure});
    std::string const version = "api-version=" + call.api_version;
    HttpResponse reply = empty_reply(202);
    reply.headers = {
        {"Azure-AsyncOperation", shared_.operation_address(kFamily, id, version + "&type=async")},
        {"Location", shared_.operation_address(kFamily, id, version + "&type=location")}};
    return reply;
  }

  HttpResponse busy(Call const& call) {
    return ml_error(shared_, call,
                    {.status = 409,
                     .code = "Conflict",
                     .message = "The workspace " + call.name("ws") + " is being deleted.",
                     .component = "account-rp"});
  }

  Shared& shared_;
  std::map<std::string, Record> records_;  // by lower-case group/name
};

}  // namespace

std::unique_ptr<Workspaces> make_workspaces(Shared& shared) {
  return std::make_unique<WorkspaceService>(shared);
}

}  // namespace trainyard::azsim
