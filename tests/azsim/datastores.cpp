// Datastores of a workspace. Source: recordings datastore; OpenAPI 2023-10-01.
#include <algorithm>
#include <map>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/arm.hpp"
#include "tests/azsim/blobs_key.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPage = 30;

struct Datastore {
  std::string name;
  Json properties;  // as GET shows them
  Json secrets;     // as listSecrets shows them; null if there are none
  WallTime created, modified;
};

/// The members in the order the service writes them; the rest, which differ by type, in between.
Json shown_properties(Json const& given, bool is_default) {
  auto const or_else = [&](std::string_view name, Json other) {
    Json const& value = given.at(name);
    return value.is_null() ? std::move(other) : value;
  };
  std::string const credentials = given.text({"credentials", "credentialsType"});
  Json shown_credentials = given.at("credentials");
  shown_credentials.erase("secrets");
  shown_credentials["credentialsType"] = credentials.empty() ? "None" : credentials;
  Json properties = Json::object({{"description", given.at("description")},
                                  {"tags", given.at("tags")},
                                  {"properties", given.at("properties")},
                                  {"isDefault", is_default},
                                  {"credentials", std::move(shown_credentials)},
                                  {"datastoreType", given.at("datastoreType")}});
  for (std::string_view const name : {"accountName", "containerName", "fileShareName", "filesystem",
                                      "storeName", "resourceGroup", "subscriptionId", "oneLakeWorkspaceName"})
    if (!given.at(name).is_null()) properties[name] = given.at(name);
  if (given.text("datastoreType") != "AzureDataLakeGen1") {
    properties["endpoint"] = or_else("endpoint", "core.windows.net");
    properties["protocol"] = or_else("protocol", "https");
  }
  properties["serviceDataAccessAuthIdentity"] = or_else("serviceDataAccessAuthIdentity", "None");
  return properties;
}

class DatastoreService final : public Datastores {
 public:
  explicit DatastoreService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const serve = [&](std::string name, std::string method, std::string pattern,
                           HttpResponse (DatastoreService::*handler)(Call const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::string(kWorkspacePattern) + std::move(pattern),
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    serve("datastores.list", "GET", "/datastores", &DatastoreService::list);
    serve("datastores.get", "GET", "/datastores/{name}", &DatastoreService::get);
    serve("datastores.put", "PUT", "/datastores/{name}", &DatastoreService::put);
    serve("datastores.delete", "DELETE", "/datastores/{name}", &DatastoreService::remove);
    serve("datastores.listSecrets", "POST", "/datastores/{name}/listSecrets",
          &DatastoreService::list_secrets);
  }

  [[nodiscard]] Json properties(Workspace const& workspace, std::string_view name) const override {
    Datastore const* store = find(workspace, name);
    return store == nullptr ? Json() : store->properties;
  }

  [[nodiscard]] std::optional<std::string> container(Workspace const& workspace,
                                                     std::string_view name) const override {
    Datastore const* store = find(workspace, name);
    if (store == nullptr) return std::nullopt;
    for (std::string_view const field : {"containerName", "fileShareName", "filesystem", "storeName"})
      if (store->properties.at(field).is_string()) return store->properties.text(field);
    return std::nullopt;
  }

  void tick(WallTime) override {
    for (Workspace const* workspace : shared_.workspaces->all()) stores_of(*workspace);
  }

  [[nodiscard]] Json snapshot() const override {
    Json all = Json::object();
    for (auto const& [guid, stores] : stores_) {
      Json items = Json::array();
      for (auto const& [key, store] : stores)
        items.push_back(Json::object({{"name", store.name},
                                      {"properties", store.properties},
                                      {"secrets", store.secrets},
                                      {"created", to_rfc3339(store.created)},
                                      {"modified", to_rfc3339(store.modified)}}));
      all[guid] = std::move(items);
    }
    return all;
  }
  Result<Done> restore(Json const& state) override {
    stores_.clear();
    for (auto const& [guid, items] : state.members())
      for (Json const& item : items.items()) {
        Result<WallTime> const created = parse_rfc3339(item.text("created"));
        if (!created) return created.error();
        Result<WallTime> const modified = parse_rfc3339(item.text("modified"));
        if (!modified) return modified.error();
        stores_[guid].insert_or_assign(lower(item.text("name")),
                                       Datastore{.name = item.text("name"),
                                                 .properties = item.at("properties"),
                                                 .secrets = item.at("secrets"),
                                                 .created = *created,
                                                 .modified = *modified});
      }
    return Done{};
  }

 private:
  using Stores = std::map<std::string, Datastore>;  // by lower-case name

  /// A workspace brings its own.
  Stores& stores_of(Workspace const& workspace) const {
    auto const [found, is_new] = stores_.try_emplace(workspace.guid);
    if (!is_new) return found->second;
    auto const bring = [&](std::string const& name, std::string_view type, std::string_view field,
                           std::string const& place) {
      bool const is_default = name == "workspaceblobstore";
      if (type == "AzureBlob") shared_.blobs->make_container(workspace.storage_account, place);
      Json given = Json::object({{"credentials", Json::object({{"credentialsType", "AccountKey"}})},
                                 {"datastoreType", type},
                                 {"accountName", workspace.storage_account},
                                 {std::string(field), place}});
      if (is_default) given["serviceDataAccessAuthIdentity"] = "WorkspaceSystemAssignedIdentity";
      found->second.emplace(
          name, Datastore{.name = name,
                          .properties = shown_properties(given, is_default),
                          .secrets = Json::object({{"secretsType", "AccountKey"},
                                                   {"key", base64(account_key(workspace.storage_account))}}),
                          .created = shared_.now(),
                          .modified = shared_.now()});
    };
    bring("workspaceblobstore", "AzureBlob", "containerName", workspace.blob_container());
    bring("workspacefilestore", "AzureFile", "fileShareName", "azureml-filestore-" + workspace.guid);
    bring("workspaceartifactstore", "AzureBlob", "containerName", workspace.artifact_container());
    bring("workspaceworkingdirectory", "AzureFile", "fileShareName", "code-" + workspace.guid);
    return found->second;
  }

  [[nodiscard]] Datastore const* find(Workspace const& workspace, std::string_view name) const {
    Stores const& stores = stores_of(workspace);
    auto const found = stores.find(lower(name));
    return found == stores.end() ? nullptr : &found->second;
  }

  [[nodiscard]] Json show(Workspace const& workspace, Datastore const& store) const {
    Json data = shared_.system_data(store.created, store.modified);
    return Json::object({{"id", workspace.id + "/datastores/" + store.name},
                         {"name", store.name},
                         {"type", std::string(kProvider) + "/workspaces/datastores"},
                         {"properties", store.properties},
                         {"systemData", std::move(data)}});
  }

  HttpResponse not_found(Call const& call) {
    return ml_error(shared_, call,
                    {.status = 404,
                     .code = "UserError",
                     .message = "Could not find datastore: " + call.name("name") + ".",
                     .inner = {"NotFoundError"}});
  }

  HttpResponse bad(Call const& call, std::string message) {
    return ml_error(
        shared_, call,
        {.status = 400, .code = "UserError", .message = std::move(message), .inner = {"BadArgument"}});
  }

  HttpResponse list(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::vector<Datastore const*> chosen;
    std::optional<std::string> const only_default = call.url.parameter("isDefault");
    std::string const names = "," + lower(call.url.parameter("names").value_or("")) + ",";
    std::string const text = lower(call.url.parameter("searchText").value_or(""));
    for (auto const& [key, store] : stores_of(workspace)) {
      if (only_default && same_name(*only_default, "true") &&
          !store.properties.at("isDefault").bool_or(false))
        continue;
      if (names != ",," && names.find("," + key + ",") == std::string::npos) continue;
      if (key.find(text) == std::string::npos) continue;
      chosen.push_back(&store);
    }
    // Newest first unless orderByAsc says otherwise.
    bool const ascending = same_name(call.url.parameter("orderByAsc").value_or("false"), "true");
    std::stable_sort(chosen.begin(), chosen.end(), [&](Datastore const* a, Datastore const* b) {
      return ascending ? a->created < b->created : b->created < a->created;
    });
    Json::Array items;
    for (Datastore const* store : chosen) items.push_back(show(workspace, *store));
    std::size_t const size = std::max<std::size_t>(1, count_parameter(call, "count", kPage));
    return json_reply(200, page(shared_, call, items, size));
  }

  HttpResponse get(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Datastore const* store = find(workspace, call.name("name"));
    return store == nullptr ? not_found(call) : json_reply(200, show(workspace, *store));
  }

  HttpResponse put(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Json const& given = call.body.at("properties");
    if (given.text("datastoreType").empty())
      return bad(call, "The datastoreType of datastore " + call.name("name") + " is missing.");
    Stores& stores = stores_of(workspace);
    auto const [found, created] = stores.try_emplace(lower(call.name("name")));
    Datastore& store = found->second;
    if (created) {
      store.name = call.name("name");
      store.created = call.now;
    }
    bool const is_default = given.at("isDefault").bool_or(store.properties.at("isDefault").bool_or(false));
    if (is_default)
      for (auto& [key, other] : stores)
        if (!other.properties.is_null()) other.properties["isDefault"] = false;
    store.properties = shown_properties(given, is_default);
    Json const& secrets = given.at({"credentials", "secrets"});
    if (secrets.is_object())
      store.secrets = secrets;
    else if (given.text({"credentials", "credentialsType"}) == "None")
      store.secrets = Json();
    store.modified = call.now;
    HttpResponse reply = json_reply(created ? 201 : 200, show(workspace, store));
    if (created)
      reply.headers.emplace_back("Location", shared_.options.base_url + call.url.path + "?" + call.url.query);
    return reply;
  }

  HttpResponse remove(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    return empty_reply(stores_of(workspace).erase(lower(call.name("name"))) == 0 ? 204 : 200);
  }

  HttpResponse list_secrets(Call const& call) {
    Datastore const* store = find(shared_.workspace(call), call.name("name"));
    if (store == nullptr) return not_found(call);
    if (store->secrets.is_null()) return bad(call, "The datastore " + store->name + " has no credentials.");
    return json_reply(200, store->secrets);
  }

  Shared& shared_;
  mutable std::map<std::string, Stores> stores_;  // by the workspace's GUID; its defaults come at first sight
};

}  // namespace

std::unique_ptr<Datastores> make_datastores(Shared& shared) {
  return std::make_unique<DatastoreService>(shared);
}

}  // namespace trainyard::azsim
