// Codes, environments, data and models: containers and their versions.
#include <algorithm>
#include <charconv>

#include "controller/base/time_text.hpp"
#include "tests/azsim/asset_ids.hpp"
#include "tests/azsim/assets_kinds.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPageSize = 100;
constexpr std::string_view kNewest = "2099-12-31-preview";

struct Version {
  std::string name;
  Json properties;
  WallTime created{}, modified{};
  [[nodiscard]] bool archived() const { return properties.at("isArchived").bool_or(false); }
};
struct Container {
  std::string name;
  Json description, tags, properties;
  Json data_type;  // of a container of data, until it has a version
  bool archived = false;
  WallTime created{}, modified{};
  std::vector<Version> versions;  // in the order in which they were made

  [[nodiscard]] Version* find(std::string_view version) {
    for (Version& item : versions)
      if (same_name(item.name, version)) return &item;
    return nullptr;
  }
};

std::int64_t integer_of(std::string const& text) {
  std::int64_t number = -1;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size() ? number : -1;
}

bool legal_name(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  auto const alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && name.size() <= kLongest && alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool in_view(std::string_view view, bool archived) {
  if (same_name(view, "All")) return true;
  return archived == same_name(view, "ArchivedOnly");
}

WallTime time_of(Json const& value) { return parse_rfc3339(value.string_or("")).value(); }

class AssetService final : public Assets {
 public:
  explicit AssetService(Shared& shared) : shared_(shared) { shared.assets = this; }

  void register_operations(std::vector<Operation>& operations) override {
    for (AssetKind const* kind : asset_kinds()) {
      std::string const name(kind->name), all = std::string(kWorkspacePattern) + "/" + name,
                                          one = all + "/{name}", version = one + "/versions/{version}";
      auto const add = [&](char const* act, char const* method, std::string const& pattern,
                           HttpResponse (AssetService::*serve)(AssetKind const&, Call const&)) {
        operations.push_back(
            {.name = name + "." + act,
             .method = method,
             .pattern = pattern,
             .handler = [this, kind, serve](Call const& call) { return (this->*serve)(*kind, call); }});
      };
      add("list", "GET", all, &AssetService::list_containers);
      add("get_container", "GET", one, &AssetService::get_container);
      add("put_container", "PUT", one, &AssetService::put_container);
      add("delete_container", "DELETE", one, &AssetService::delete_container);
      add("list_versions", "GET", one + "/versions", &AssetService::list_versions);
      add("get", "GET", version, &AssetService::get_version);
      add("put", "PUT", version, &AssetService::put_version);
      add("delete", "DELETE", version, &AssetService::delete_version);
      add("start_pending_upload", "POST", version + "/startPendingUpload",
          &AssetService::start_pending_upload);
    }
  }

  [[nodiscard]] Json properties(Workspace const& workspace, std::string_view kind, std::string_view name,
                                std::string_view version) const override {
    auto const found = containers_.find(key(workspace, kind, name));
    if (found == containers_.end()) return {};
    for (Version const& item : found->second.versions)
      if (same_name(item.name, version)) return item.properties;
    return {};
  }

  [[nodiscard]] Json container(Workspace const& workspace, std::string_view kind,
                               std::string_view name) const override {
    auto const found = containers_.find(key(workspace, kind, name));
    if (found == containers_.end()) return {};
    return show_container(*find_asset_kind(kind), workspace, found->second);
  }
  [[nodiscard]] Json versions(Workspace const& workspace, std::string_view kind,
                              std::string_view name) const override {
    Json shown = Json::array();
    auto const found = containers_.find(key(workspace, kind, name));
    if (found == containers_.end()) return shown;
    for (auto item = found->second.versions.rbegin(); item != found->second.versions.rend(); ++item)
      shown.push_back(show_version(*find_asset_kind(kind), workspace, kNewest, found->second, *item, false));
    return shown;
  }
  [[nodiscard]] std::vector<std::string> names(Workspace const& workspace,
                                               std::string_view kind) const override {
    std::vector<std::string> all;
    std::string const prefix = key(workspace, kind);
    for (auto at = containers_.lower_bound(prefix); at != containers_.end() && at->first.starts_with(prefix);
         ++at)
      all.push_back(at->second.name);
    return all;
  }
  void put(Workspace const& workspace, std::string_view kind, std::string const& name,
           std::string const& version, Json const& sent) override {
    WallTime const now = shared_.now();
    Container& container = made(workspace, kind, name, now);
    if (version.empty()) {
      keep(container, sent);
      return;
    }
    keep(container, version, find_asset_kind(kind)->kept(workspace, sent), now);
  }
  void remove(Workspace const& workspace, std::string_view kind, std::string_view name,
              std::string_view version) override {
    auto const found = containers_.find(key(workspace, kind, name));
    if (found == containers_.end()) return;
    if (version.empty())
      containers_.erase(found);
    else
      std::erase_if(found->second.versions,
                    [&](Version const& item) { return same_name(item.name, version); });
  }

  [[nodiscard]] Json snapshot() const override {
    Json saved = Json::object();
    for (auto const& [where, container] : containers_) {
      Json versions = Json::array();
      for (Version const& item : container.versions)
        versions.push_back(Json::object({{"name", item.name},
                                         {"properties", item.properties},
                                         {"created", to_rfc3339(item.created)},
                                         {"modified", to_rfc3339(item.modified)}}));
      saved[where] = Json::object({{"name", container.name},
                                   {"description", container.description},
                                   {"tags", container.tags},
                                   {"properties", container.properties},
                                   {"dataType", container.data_type},
                                   {"archived", container.archived},
                                   {"created", to_rfc3339(container.created)},
                                   {"modified", to_rfc3339(container.modified)},
                                   {"versions", std::move(versions)}});
    }
    return saved;
  }
  Result<Done> restore(Json const& state) override {
    containers_.clear();
    for (auto const& [where, saved] : state.members()) {
      Container container{.name = saved.text("name"),
                          .description = saved.at("description"),
                          .tags = saved.at("tags"),
                          .properties = saved.at("properties"),
                          .data_type = saved.at("dataType"),
                          .archived = saved.at("archived").bool_or(false),
                          .created = time_of(saved.at("created")),
                          .modified = time_of(saved.at("modified")),
                          .versions = {}};
      for (Json const& item : saved.at("versions").items())
        container.versions.push_back({.name = item.text("name"),
                                      .properties = item.at("properties"),
                                      .created = time_of(item.at("created")),
                                      .modified = time_of(item.at("modified"))});
      containers_[where] = std::move(container);
    }
    return Done{};
  }

 private:
  static std::string key(Workspace const& workspace, std::string_view kind, std::string_view name = "") {
    return workspace.guid + "/" + std::string(kind) + "/" + lower(name);
  }
  Container* find(AssetKind const& kind, Call const& call) {
    auto const found = containers_.find(key(shared_.workspace(call), kind.name, call.name("name")));
    return found == containers_.end() ? nullptr : &found->second;
  }
  /// Of one kind in one workspace, by name.
  std::vector<Container*> containers(AssetKind const& kind, Workspace const& workspace) {
    std::vector<Container*> all;
    std::string const prefix = key(workspace, kind.name);
    for (auto at = containers_.lower_bound(prefix); at != containers_.end() && at->first.starts_with(prefix);
         ++at)
      all.push_back(&at->second);
    return all;
  }

  [[nodiscard]] static std::string type_of(AssetKind const& kind) {
    return std::string(kProvider) + "/workspaces/" + std::string(kind.name);
  }
  [[nodiscard]] static std::string id_of(AssetKind const& kind, Workspace const& workspace,
                                         Container const& container) {
    return workspace.id + "/" + std::string(kind.name) + "/" + container.name;
  }

  [[nodiscard]] Json show_container(AssetKind const& kind, Workspace const& workspace,
                                    Container const& container) const {
    std::int64_t next = 1;
    for (Version const& item : container.versions) next = std::max(next, integer_of(item.name) + 1);
    auto const map = [&](Json const& value) {
      return value.is_null() && !kind.null_tags ? Json::object() : value;
    };
    Json properties = Json::object(
        {{"description", container.description},
         {"tags", map(container.tags)},
         {"properties", map(container.properties)},
         {"isArchived", container.archived},
         {"latestVersion", container.versions.empty() ? Json() : Json(container.versions.back().name)},
         {"nextVersion", std::to_string(next)}});
    if (kind.name == "data")
      properties["dataType"] = container.versions.empty()
                                   ? container.data_type
                                   : container.versions.back().properties.at("dataType");
    return Json::object({{"id", id_of(kind, workspace, container)},
                         {"name", container.name},
                         {"type", type_of(kind)},
                         {"properties", std::move(properties)},
                         {"systemData", shared_.system_data(container.created, container.modified)}});
  }

  [[nodiscard]] Json show_version(AssetKind const& kind, Workspace const& workspace,
                                  std::string_view api_version, Container const& container,
                                  Version const& item, bool in_list) const {
    Json properties = item.properties;
    kind.show(workspace, api_version, in_list, properties);
    return Json::object({{"id", id_of(kind, workspace, container) + "/versions/" + item.name},
                         {"name", item.name},
                         {"type", type_of(kind) + "/versions"},
                         {"properties", std::move(properties)},
                         {"systemData", shared_.system_data(item.created, item.modified)}});
  }

  HttpResponse absent(AssetKind const& kind, Call const& call) {
    auto const version = call.names.find("version");
    std::string const name = call.name("name"), number = version == call.names.end() ? "" : version->second;
    if (kind.name == "environments")
      return ml_error(
          shared_, call,
          {.status = 404,
           .message = "No environment exists for name: " + name + ", version: " + number + ", label: ",
           .inner = {"NotFoundError"}});
    if (kind.name == "models") {
      std::string const message =
          number.empty() ? "Model container with name: " + name + " not found."
                         : "Model with name: " + name + " and version: " + number + " not found.";
      return ml_error(shared_, call,
                      {.status = 404,
                       .message = "The specified resource was not found.",
                       .details = Json::array({Json::object({{"code", "ModelNotFound"},
                                                             {"message", message},
                                                             {"details", Json::array()},
                                                             {"additionalInfo", Json::array()}})})});
    }
    Workspace const& workspace = shared_.workspace(call);
    return ml_error(
        shared_, call,
        {.status = 404,
         .message = "Could not find asset with ID: " + asset_id(workspace, kind.name, name, number),
         .inner = {"NotFound", "AssetNotFound"}});
  }

  HttpResponse list_containers(AssetKind const& kind, Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const view = call.url.parameter("listViewType").value_or("ActiveOnly");
    Json::Array items;
    for (Container const* container : containers(kind, workspace))
      if (in_view(view, container->archived)) items.push_back(show_container(kind, workspace, *container));
    return json_reply(200, page(shared_, call, items, kPageSize));
  }

  HttpResponse get_container(AssetKind const& kind, Call const& call) {
    Container const* const container = find(kind, call);
    if (container == nullptr) return absent(kind, call);
    return json_reply(200, show_container(kind, shared_.workspace(call), *container));
  }

  HttpResponse put_container(AssetKind const& kind, Call const& call) {
    if (auto refused = refuse(call)) return *refused;
    bool const fresh = find(kind, call) == nullptr;
    Workspace const& workspace = shared_.workspace(call);
    Container& container = made(workspace, kind.name, call.name("name"), call.now);
    keep(container, call.body.at("properties"));
    return answer_put(call, fresh, show_container(kind, workspace, container));
  }

  HttpResponse delete_container(AssetKind const& kind, Call const& call) {
    bool const there = find(kind, call) != nullptr;
    remove(shared_.workspace(call), kind.name, call.name("name"), "");
    return empty_reply(there ? 200 : 204);
  }

  /// Newest first; of a $top, with the address of the rest unless the kind stops there.
  HttpResponse list_versions(AssetKind const& kind, Call const& call) {
    std::string const view = call.url.parameter("listViewType").value_or("ActiveOnly");
    std::optional<std::string> const hash = call.url.parameter("hash"), stage = call.url.parameter("stage");
    std::vector<std::pair<Version const*, Json>> found;
    auto const look_in = [&](Container const& container) {
      for (Version const& item : container.versions) {
        if (!in_view(view, item.archived())) continue;
        if (hash && item.properties.text({"properties", "hash_sha256"}) != *hash) continue;
        if (stage && !same_name(item.properties.text("stage"), *stage)) continue;
        found.emplace_back(
            &item, show_version(kind, shared_.workspace(call), call.api_version, container, item, true));
      }
    };
    if (hash) {  // the whole workspace is searched; the name in the path need not exist
      for (Container const* container : containers(kind, shared_.workspace(call))) look_in(*container);
    } else if (Container const* const container = find(kind, call)) {
      look_in(*container);
    }
    bool const oldest_first = same_name(call.url.parameter("$orderBy").value_or(""), "createdtime asc");
    if (!oldest_first) std::reverse(found.begin(), found.end());
    Json::Array items;
    for (auto& [item, shown] : found) items.push_back(std::move(shown));
    std::int64_t const top = integer_of(call.url.parameter("$top").value_or(""));
    if (top > 0 && kind.top_is_all && items.size() > static_cast<std::size_t>(top))
      items.resize(static_cast<std::size_t>(top));
    return json_reply(200, page(shared_, call, items, top > 0 ? static_cast<std::size_t>(top) : kPageSize));
  }

  HttpResponse get_version(AssetKind const& kind, Call const& call) {
    Container* const container = find(kind, call);
    Version const* const item = container == nullptr ? nullptr : container->find(call.name("version"));
    if (item == nullptr) return absent(kind, call);
    return json_reply(
        200, show_version(kind, shared_.workspace(call), call.api_version, *container, *item, false));
  }

  HttpResponse put_version(AssetKind const& kind, Call const& call) {
    if (auto refused = refuse(call)) return *refused;
    Workspace const& workspace = shared_.workspace(call);
    std::string const& version = call.name("version");
    Json kept = kind.kept(workspace, call.body.at("properties"));
    Container* const known = find(kind, call);
    Version const* const old = known == nullptr ? nullptr : known->find(version);
    bool const fresh = old == nullptr;
    // Source: azure-ai-ml, which knows this message.
    if (!fresh && !kind.uri_field.empty() &&
        old->properties.text(kind.uri_field) != kept.text(kind.uri_field))
      return ml_error(shared_, call,
                      {.status = 400, .message = "Asset paths cannot be updated.", .inner = {"BadArgument"}});
    Container& container = made(workspace, kind.name, call.name("name"), call.now);
    Version const& item = keep(container, version, std::move(kept), call.now);
    return answer_put(call, fresh || kind.always_created,
                      show_version(kind, workspace, call.api_version, container, item, false));
  }

  HttpResponse delete_version(AssetKind const& kind, Call const& call) {
    Container* const container = find(kind, call);
    Version const* const item = container == nullptr ? nullptr : container->find(call.name("version"));
    if (item == nullptr) return empty_reply(204);
    container->versions.erase(container->versions.begin() + (item - container->versions.data()));
    return empty_reply(200);
  }

  HttpResponse start_pending_upload(AssetKind const&, Call const& call) {
    constexpr std::size_t kIdDigits = 10;
    Workspace const& workspace = shared_.workspace(call);
    std::string const container = workspace.guid.substr(0, kIdDigits) + "-" + shared_.guid();
    std::string const group_id = workspace.id.substr(0, workspace.id.find("/providers/"));
    std::string const sas = shared_.blobs->signed_url(workspace.storage_account, container, "", "rcwl");
    Json reference =
        Json::object({{"blobUri", shared_.blobs->url(workspace.storage_account, container, "")},
                      {"storageAccountArmId", group_id + "/providers/Microsoft.Storage/storageAccounts/" +
                                                  workspace.storage_account},
                      {"credential", Json::object({{"credentialType", "SAS"}, {"sasUri", sas}})}});
    return json_reply(200, Json::object({{"blobReferenceForConsumption", std::move(reference)},
                                         {"pendingUploadId", shared_.guid()},
                                         {"pendingUploadType", "None"}}));
  }

  std::optional<HttpResponse> refuse(Call const& call) {
    auto const version = call.names.find("version");
    for (std::string const& name : {call.name("name"), version == call.names.end() ? "1" : version->second})
      if (!legal_name(name))
        return ml_error(shared_, call,
                        {.status = 400,
                         .message = "The name or version '" + name +
                                    "' is not valid. It may have letters, digits, '-', '_' and "
                                    "'.', begins with a letter or digit and has at most 255 characters.",
                         .inner = {"BadArgument"}});
    if (!call.body.at("properties").is_object())
      return ml_error(
          shared_, call,
          {.status = 400, .message = "The Properties field is required.", .inner = {"BadArgument"}});
    return std::nullopt;
  }

  Container& made(Workspace const& workspace, std::string_view kind, std::string const& name, WallTime now) {
    Container& container = containers_[key(workspace, kind, name)];
    if (container.name.empty()) {
      container.name = name;
      container.created = container.modified = now;
    }
    return container;
  }
  static void keep(Container& container, Json const& sent) {
    container.description = sent.at("description");
    container.tags = sent.at("tags");
    container.properties = sent.at("properties");
    container.data_type = data_type(sent);
    container.archived = sent.at("isArchived").bool_or(false);
  }
  static Version const& keep(Container& container, std::string const& version, Json properties,
                             WallTime now) {
    Version* item = container.find(version);
    if (item == nullptr) {
      container.versions.push_back({.name = version, .properties = {}, .created = now});
      item = &container.versions.back();
    }
    item->properties = std::move(properties);
    item->modified = container.modified = now;
    return *item;
  }

  HttpResponse answer_put(Call const& call, bool created, Json const& shown) {
    HttpResponse reply = json_reply(created ? 201 : 200, shown);
    if (created)
      reply.headers.emplace_back(
          "Location", shared_.options.base_url + call.url.path + "?api-version=" + call.api_version);
    return reply;
  }

  Shared& shared_;
  std::map<std::string, Container> containers_;  // by workspace's guid, kind and name
};

}  // namespace

std::unique_ptr<Assets> make_assets(Shared& shared) { return std::make_unique<AssetService>(shared); }

}  // namespace trainyard::azsim
