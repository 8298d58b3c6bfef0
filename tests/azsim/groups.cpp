// Subscriptions and resource groups. Source: Azure Resource Manager REST reference, Resource Groups.
#include <map>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPage = 100;

struct Group {
  std::string name, location;
  Json tags, managed_by;
  std::optional<WallTime> gone;  // being deleted until then
};

class GroupService final : public Groups {
 public:
  explicit GroupService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const serve = [&](std::string name, std::string method, std::string pattern,
                           HttpResponse (GroupService::*handler)(Call const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::move(pattern),
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    std::string const groups = "/subscriptions/{sub}/resourceGroups";
    serve("subscriptions.list", "GET", "/subscriptions", &GroupService::subscriptions);
    serve("subscriptions.get", "GET", "/subscriptions/{sub}", &GroupService::subscription);
    serve("groups.list", "GET", groups, &GroupService::list);
    serve("groups.get", "GET", groups + "/{rg}", &GroupService::get);
    serve("groups.head", "HEAD", groups + "/{rg}", &GroupService::head);
    serve("groups.put", "PUT", groups + "/{rg}", &GroupService::put);
    serve("groups.patch", "PATCH", groups + "/{rg}", &GroupService::patch);
    serve("groups.delete", "DELETE", groups + "/{rg}", &GroupService::remove);
    serve("operations.groups", "GET", "/subscriptions/{sub}/operationresults/{id}", &GroupService::poll);
  }

  void tick(WallTime now) override {
    for (auto group = groups_.begin(); group != groups_.end();) {
      if (!group->second.gone || *group->second.gone > now) {
        ++group;
        continue;
      }
      shared_.workspaces->remove_all_of(group->second.name);
      shared_.infrastructure->remove_all_of(group->second.name);
      group = groups_.erase(group);
    }
  }

  [[nodiscard]] bool has(std::string_view group) const override { return groups_.contains(lower(group)); }
  void add(std::string const& group) override {
    groups_.try_emplace(lower(group),
                        Group{group, shared_.options.location, Json::object(), Json(), std::nullopt});
  }

  [[nodiscard]] Json snapshot() const override {
    Json all = Json::array();
    for (auto const& [key, group] : groups_)
      all.push_back(Json::object({{"name", group.name},
                                  {"location", group.location},
                                  {"tags", group.tags},
                                  {"managedBy", group.managed_by},
                                  {"gone", group.gone ? Json(to_rfc3339(*group.gone)) : Json()}}));
    return all;
  }
  Result<Done> restore(Json const& state) override {
    groups_.clear();
    for (Json const& item : state.items()) {
      Group group{item.text("name"), item.text("location"), item.at("tags"), item.at("managedBy"), {}};
      if (Result<WallTime> const gone = parse_rfc3339(item.text("gone"))) group.gone = *gone;
      groups_.insert_or_assign(lower(group.name), std::move(group));
    }
    return Done{};
  }

 private:
  [[nodiscard]] Json show_subscription() const {
    return Json::object({{"id", "/subscriptions/" + shared_.options.subscription},
                         {"authorizationSource", "RoleBased"},
                         {"managedByTenants", Json::array()},
                         {"subscriptionId", shared_.options.subscription},
                         {"tenantId", shared_.options.tenant},
                         {"displayName", "azsim"},
                         {"state", "Enabled"},
                         {"subscriptionPolicies", Json::object({{"locationPlacementId", "Public_2014-09-01"},
                                                                {"quotaId", "EnterpriseAgreement_2014-09-01"},
                                                                {"spendingLimit", "Off"}})}});
  }

  HttpResponse subscriptions(Call const&) {
    return json_reply(200, Json::object({{"value", Json::array({show_subscription()})},
                                         {"count", Json::object({{"type", "Total"}, {"value", 1}})}}));
  }
  HttpResponse subscription(Call const&) { return json_reply(200, show_subscription()); }

  [[nodiscard]] Json show(Group const& group) const {
    Json body = Json::object(
        {{"id", "/subscriptions/" + shared_.options.subscription + "/resourceGroups/" + group.name},
         {"name", group.name},
         {"type", "Microsoft.Resources/resourceGroups"},
         {"location", group.location}});
    if (!group.managed_by.is_null()) body["managedBy"] = group.managed_by;
    body["tags"] = group.tags;
    body["properties"] = Json::object({{"provisioningState", group.gone ? "Deleting" : "Succeeded"}});
    return body;
  }

  HttpResponse list(Call const& call) {
    Json::Array shown;
    for (auto const& [key, group] : groups_) shown.push_back(show(group));
    return json_reply(200, page(shared_, call, shown, kPage));
  }

  [[nodiscard]] static HttpResponse absent(Call const& call) {
    return gateway_error(404, "ResourceGroupNotFound",
                         "Resource group '" + call.name("rg") + "' could not be found.");
  }

  HttpResponse get(Call const& call) {
    auto const found = groups_.find(lower(call.name("rg")));
    return found == groups_.end() ? absent(call) : json_reply(200, show(found->second));
  }
  HttpResponse head(Call const& call) { return empty_reply(has(call.name("rg")) ? 204 : 404); }

  HttpResponse put(Call const& call) {
    std::string const location = call.body.text("location");
    if (location.empty())
      return gateway_error(400, "LocationRequired", "The location property is required for this definition.");
    auto const [found, created] = groups_.try_emplace(
        lower(call.name("rg")), Group{call.name("rg"), location, Json::object(), Json(), std::nullopt});
    Group& group = found->second;
    if (!same_name(group.location, location))
      return gateway_error(409, "InvalidResourceGroupLocation",
                           "Invalid resource group location '" + location +
                               "'. The Resource group already exists in location '" + group.location + "'.");
    if (group.gone)
      return gateway_error(409, "ResourceGroupBeingDeleted",
                           "The resource group '" + group.name +
                               "' is in deprovisioning state and cannot perform this operation.");
    if (call.body.at("tags").is_object()) group.tags = call.body.at("tags");
    group.managed_by = call.body.at("managedBy");
    return json_reply(created ? 201 : 200, show(group));
  }

  HttpResponse patch(Call const& call) {
    auto const found = groups_.find(lower(call.name("rg")));
    if (found == groups_.end()) return absent(call);
    if (call.body.at("tags").is_object()) found->second.tags = call.body.at("tags");
    return json_reply(200, show(found->second));
  }

  HttpResponse remove(Call const& call) {
    auto const found = groups_.find(lower(call.name("rg")));
    if (found == groups_.end()) return absent(call);
    WallTime const ends = found->second.gone.value_or(call.now + shared_.options.del);
    if (call.failure.is_null()) found->second.gone = ends;
    std::string const id = hex(sha256(shared_.guid())).substr(0, 40);
    shared_.operations.begin(
        {.family = "operationresults", .id = id, .target = "", .ends = ends, .error = call.failure});
    return later(call, id);
  }

  [[nodiscard]] HttpResponse later(Call const& call, std::string const& id) const {
    HttpResponse reply = empty_reply(202);
    reply.headers = {
        {"Location", shared_.options.base_url + "/subscriptions/" + shared_.options.subscription +
                         "/operationresults/" + id + "?api-version=" + call.api_version},
        {"Retry-After", "1"}};
    return reply;
  }

  HttpResponse poll(Call const& call) {
    LongOperation const* operation = shared_.operations.find("operationresults", call.name("id"));
    if (operation == nullptr)
      return gateway_error(404, "OperationNotFound", "The operation could not be found.");
    if (!LongOperations::over(*operation, call.now)) return later(call, operation->id);
    if (operation->error.is_null()) return empty_reply(200);
    return json_reply(409, Json::object({{"error", operation->error}}));
  }

  Shared& shared_;
  std::map<std::string, Group> groups_;  // by lower-case name
};

}  // namespace

std::unique_ptr<Groups> make_groups(Shared& shared) { return std::make_unique<GroupService>(shared); }

}  // namespace trainyard::azsim
