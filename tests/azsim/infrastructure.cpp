#include "tests/azsim/infrastructure.hpp"

#include <algorithm>
#include <utility>

#include "controller/base/time_text.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPage = 100;
constexpr std::string_view kGroupPattern = "/subscriptions/{sub}/resourceGroups/{rg}/providers/";

/// "Microsoft.Network/virtualNetworks/{parent}/subnets": where a kind is listed.
std::string collection(ArmKind const& kind) {
  if (!kind.is_child()) return std::string(kind.type);
  std::string const type(kind.type);
  std::size_t const last = type.rfind('/');
  return type.substr(0, last) + "/{parent}" + type.substr(last);
}

class InfrastructureService final : public Infrastructure {
 public:
  explicit InfrastructureService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const add = [&](std::string name, char const* method, std::string pattern, Handler handler) {
      operations.push_back({.name = std::move(name),
                            .method = method,
                            .pattern = std::move(pattern),
                            .handler = std::move(handler)});
    };
    for (ArmKind const* kind : kinds()) {
      std::string const name = kind->operations() + ".", all = std::string(kGroupPattern) + collection(*kind),
                        one = all + "/{name}";
      add(name + "list", "GET", all, [this, kind](Call const& call) { return list(*kind, call); });
      if (!kind->is_child())
        add(name + "list", "GET", "/subscriptions/{sub}/providers/" + std::string(kind->type),
            [this, kind](Call const& call) { return list(*kind, call); });
      add(name + "get", "GET", one, [this, kind](Call const& call) { return get(*kind, call); });
      add(name + "put", "PUT", one, [this, kind](Call const& call) { return put(*kind, call); });
      add(name + "patch", "PATCH", one, [this, kind](Call const& call) { return patch(*kind, call); });
      add(name + "delete", "DELETE", one, [this, kind](Call const& call) { return remove(*kind, call); });
    }
    std::string const machine = std::string(kGroupPattern) + std::string(machine_kind().type) + "/{name}";
    for (auto const& [act, power] : {std::pair{"start", "running"},
                                     {"restart", "running"},
                                     {"powerOff", "stopped"},
                                     {"deallocate", "deallocated"}})
      add(std::string("virtualMachines.") + act, "POST", machine + "/" + act,
          [this, state = std::string(power)](Call const& call) { return switch_power(call, state); });
    add("virtualMachines.instanceView", "GET", machine + "/instanceView", [this](Call const& call) {
      ArmResource const* const found = resources_.find(call.url.path.substr(0, call.url.path.rfind('/')));
      return found == nullptr ? absent(call) : json_reply(200, instance_view(*found, call.now));
    });
    add("virtualMachines.extensions", "GET", machine + "/extensions", [](Call const&) {
      return json_reply(200, Json::object({{"value", Json::array()}}));
    });
    add("operations.network", "GET",
        "/subscriptions/{sub}/providers/Microsoft.Network/locations/{loc}/operations/{id}",
        [this](Call const& call) { return poll(call, false); });
    add("operations.network_result", "GET",
        "/subscriptions/{sub}/providers/Microsoft.Network/locations/{loc}/operationResults/{id}",
        [this](Call const& call) { return poll_result(call); });
    add("operations.compute", "GET",
        "/subscriptions/{sub}/providers/Microsoft.Compute/locations/{loc}/operations/{id}",
        [this](Call const& call) {
          return call.url.parameter("monitor") ? poll_result(call) : poll(call, true);
        });
  }

  void tick(WallTime now) override {
    std::vector<std::string> gone;
    for (auto& [id, resource] : resources_.all()) {
      if (!resource.until || *resource.until > now) continue;
      resource.until.reset();
      if (resource.going) {
        gone.push_back(id);
        continue;
      }
      resource.state = resource.error.is_null() ? "Succeeded" : "Failed";
    }
    for (std::string const& id : gone) resources_.erase_with_children(id);
  }

  [[nodiscard]] std::optional<Machine> machine(std::string_view id) const override {
    ArmResource const* const found = resources_.find(id);
    if (found == nullptr) return std::nullopt;
    return Machine{.size = found->sent.text({"hardwareProfile", "vmSize"}),
                   .address = public_address(resources_, *found)};
  }
  void remove_all_of(std::string_view group) override {
    resources_.erase_with_children("/subscriptions/" + shared_.options.subscription + "/resourceGroups/" +
                                   std::string(group));
  }

  [[nodiscard]] Json snapshot() const override {
    Json saved = Json::array();
    for (auto const& [id, resource] : resources_.all())
      saved.push_back(Json::object({{"id", resource.id},
                                    {"name", resource.name},
                                    {"location", resource.location},
                                    {"tags", resource.tags},
                                    {"sku", resource.sku},
                                    {"identity", resource.identity},
                                    {"sent", resource.sent},
                                    {"guid", resource.guid},
                                    {"etag", resource.etag},
                                    {"until", resource.until ? Json(to_rfc3339(*resource.until)) : Json()},
                                    {"going", resource.going},
                                    {"error", resource.error},
                                    {"power", resource.power},
                                    {"state", resource.state}}));
    return saved;
  }
  Result<Done> restore(Json const& state) override {
    resources_ = {};
    for (Json const& item : state.items()) {
      ArmResource resource{.id = item.text("id"),
                           .name = item.text("name"),
                           .location = item.text("location"),
                           .tags = item.at("tags"),
                           .sku = item.at("sku"),
                           .identity = item.at("identity"),
                           .sent = item.at("sent"),
                           .guid = item.text("guid"),
                           .etag = item.text("etag"),
                           .until = {},
                           .going = item.at("going").bool_or(false),
                           .error = item.at("error"),
                           .power = item.text("power"),
                           .state = item.text("state")};
      if (Result<WallTime> const until = parse_rfc3339(item.text("until"))) resource.until = *until;
      resources_.keep(std::move(resource));
    }
    return Done{};
  }

 private:
  static std::vector<ArmKind const*> kinds() {
    std::vector<ArmKind const*> all = network_kinds();
    all.push_back(&machine_kind());
    return all;
  }

  static HttpResponse absent(Call const& call) { return absent(call, call.url.path); }
  static HttpResponse absent(Call const& call, std::string_view id) {
    std::string_view const providers = "/providers/";
    return gateway_error(
        404, "ResourceNotFound",
        "The Resource '" + std::string(id.substr(id.find(providers) + providers.size())) +
            "' under resource group '" + call.name("rg") +
            "' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
  }
  /// A parent that is not there.
  std::optional<HttpResponse> orphan(ArmKind const& kind, Call const& call) const {
    if (!kind.is_child()) return std::nullopt;
    std::string_view const path = call.url.path;
    std::string const type = "/" + kind.operations();
    std::string_view const parent = path.substr(0, lower(path).rfind(lower(type)));
    if (resources_.find(parent) != nullptr) return std::nullopt;
    return absent(call, parent);
  }

  HttpResponse list(ArmKind const& kind, Call const& call) {
    if (std::optional<HttpResponse> refused = orphan(kind, call)) return *refused;
    std::string const path = lower(call.url.path);
    std::string const scope = call.url.path.substr(
        0, kind.is_child() ? path.rfind("/" + lower(kind.operations())) : path.find("/providers/"));
    Json::Array items;
    for (ArmResource const* resource : resources_.list(scope, kind.type))
      items.push_back(show_resource(kind, resources_, *resource));
    return json_reply(200, page(shared_, call, items, kPage));
  }

  HttpResponse get(ArmKind const& kind, Call const& call) {
    ArmResource const* const resource = resources_.find(call.url.path);
    if (resource == nullptr) return absent(call);
    Json shown = show_resource(kind, resources_, *resource);
    if (same_name(call.url.parameter("$expand").value_or(""), "instanceView"))
      shown["properties"]["instanceView"] = instance_view(*resource, call.now);
    HttpResponse reply = json_reply(200, shown);
    if (kind.has_etag) reply.headers.emplace_back("ETag", resource->etag);
    return reply;
  }

  HttpResponse put(ArmKind const& kind, Call const& call) {
    if (std::optional<HttpResponse> refused = orphan(kind, call)) return *refused;
    if (!kind.is_child() && call.body.text("location").empty())
      return gateway_error(400, "LocationRequired", "The location property is required for this definition.");
    ArmResource const* const known = resources_.find(call.url.path);
    ArmResource& made = make(kind, call.url.path, call.name("name"), call.body, call);
    if (!kind.children.empty()) make_children(kind, made, call);
    HttpResponse reply = json_reply(known == nullptr ? 201 : 200, show_resource(kind, resources_, made));
    if (made.until || kind.first == "Succeeded")
      begin(reply, kind, call, made.location, made.until.value_or(call.now), kind.wait, false);
    return reply;
  }

  ArmResource& make(ArmKind const& kind, std::string const& id, std::string const& name, Json const& body,
                    Call const& call) {
    ArmResource const* const known = resources_.find(id);
    Json sent = body.at("properties");
    if (!kind.children.empty()) sent.erase(kind.children);
    ArmResource resource{
        .id = known == nullptr ? id : known->id,
        .name = known == nullptr ? name : known->name,
        .location = body.text("location"),
        .tags = body.at("tags"),
        .sku = body.at("sku"),
        .identity = body.at("identity"),
        .sent = sent.is_null() ? Json::object() : std::move(sent),
        .guid = known == nullptr ? shared_.guid() : known->guid,
        .etag = shared_.etag(),
        .until = {},
        .error = call.failure,
        .power = known == nullptr ? "running" : known->power,
        .state = std::string(known == nullptr || kind.first == "Succeeded" ? kind.first : "Updating")};
    if (kind.is_child()) {
      ArmResource const* const parent = resources_.find(id.substr(0, id.rfind('/', id.rfind('/') - 1)));
      resource.location = parent == nullptr ? shared_.options.location : parent->location;
    }
    if (kind.first != "Succeeded")
      resource.until = call.now + (kind.has_etag ? shared_.options.del / 3 : shared_.options.provision);
    return resources_.keep(std::move(resource));
  }
  void make_children(ArmKind const& kind, ArmResource const& parent, Call const& call) {
    for (ArmKind const* child : kinds())
      if (child->type == std::string(kind.type) + "/" + std::string(kind.children))
        for (Json const& sent : call.body.at({"properties", kind.children}).items())
          make(*child, parent.id + "/" + std::string(kind.children) + "/" + sent.text("name"),
               sent.text("name"), sent, call);
  }

  HttpResponse patch(ArmKind const& kind, Call const& call) {
    ArmResource* const resource = resources_.find(call.url.path);
    if (resource == nullptr) return absent(call);
    if (call.body.at("tags").is_object()) resource->tags = call.body.at("tags");
    for (auto const& [name, value] : call.body.at("properties").members()) resource->sent[name] = value;
    if (!kind.has_etag) {
      resource->state = "Updating";
      resource->until = call.now + shared_.options.del / 3;
    }
    return json_reply(200, show_resource(kind, resources_, *resource));
  }

  HttpResponse remove(ArmKind const& kind, Call const& call) {
    if (std::optional<HttpResponse> refused = orphan(kind, call)) return *refused;
    ArmResource* const resource = resources_.find(call.url.path);
    if (resource == nullptr) return empty_reply(204);
    WallTime const ends = call.now + shared_.options.del;
    if (call.failure.is_null()) {
      resource->going = true;
      resource->state = "Deleting";
      resource->until = ends;
    }
    HttpResponse reply = empty_reply(202);
    constexpr int kWait = 10;
    begin(reply, kind, call, resource->location, ends, kWait, true);
    return reply;
  }

  HttpResponse switch_power(Call const& call, std::string const& power) {
    ArmResource* const machine = resources_.find(call.url.path.substr(0, call.url.path.rfind('/')));
    if (machine == nullptr) return absent(call);
    if (call.failure.is_null()) machine->power = power;
    HttpResponse reply = empty_reply(202);
    constexpr int kWait = 10;
    begin(reply, machine_kind(), call, machine->location, call.now + shared_.options.del, kWait, true);
    return reply;
  }

  /// The headers that tell where an operation is followed.
  void begin(HttpResponse& reply, ArmKind const& kind, Call const& call, std::string const& location,
             WallTime ends, int wait, bool with_location) {
    std::string const id = shared_.guid();
    shared_.operations.begin({.family = std::string(kind.provider()),
                              .id = id,
                              .target = "",
                              .ends = ends,
                              .error = call.failure,
                              .began = call.now});
    std::string const place = shared_.options.base_url + "/subscriptions/" + shared_.options.subscription +
                              "/providers/" + std::string(kind.provider()) + "/locations/" + location;
    bool const machine = !kind.has_etag;
    std::string const query =
        (machine ? "?p=" + shared_.options.client + "&" : "?") + "api-version=" + call.api_version;
    reply.headers.emplace_back("Azure-AsyncOperation", place + "/operations/" + id + query);
    reply.headers.emplace_back("Azure-AsyncNotification", "Enabled");
    if (with_location)
      reply.headers.emplace_back("Location", machine ? place + "/operations/" + id + query + "&monitor=true"
                                                     : place + "/operationResults/" + id + query);
    if (wait > 0) reply.headers.emplace_back("Retry-After", std::to_string(wait));
  }

  [[nodiscard]] LongOperation const* operation_of(Call const& call) const {
    bool const network = lower(call.url.path).find("/microsoft.network/") != std::string::npos;
    return shared_.operations.find(network ? "Microsoft.Network" : "Microsoft.Compute", call.name("id"));
  }
  static HttpResponse no_operation() {
    return gateway_error(404, "OperationNotFound", "The operation could not be found.");
  }

  HttpResponse poll(Call const& call, bool with_times) {
    LongOperation const* const operation = operation_of(call);
    if (operation == nullptr) return no_operation();
    bool const over = LongOperations::over(*operation, call.now);
    Json body = Json::object();
    if (with_times) {
      body["startTime"] = seven_digits(operation->began.value_or(call.now));
      if (over) body["endTime"] = seven_digits(*operation->ends);
    }
    body["status"] = !over ? "InProgress" : operation->error.is_null() ? "Succeeded" : "Failed";
    if (with_times) body["name"] = operation->id;
    if (over && !operation->error.is_null()) body["error"] = operation->error;
    HttpResponse reply = json_reply(200, body);
    if (!over) reply.headers.emplace_back("Retry-After", "10");
    return reply;
  }
  HttpResponse poll_result(Call const& call) {
    LongOperation const* const operation = operation_of(call);
    if (operation == nullptr) return no_operation();
    if (LongOperations::over(*operation, call.now)) return empty_reply(200);
    HttpResponse reply = empty_reply(202);
    reply.headers = {{"Location", shared_.options.base_url + call.url.path + "?" + call.url.query},
                     {"Retry-After", "10"}};
    return reply;
  }

  Shared& shared_;
  ArmResources resources_;
};

}  // namespace

ArmResource const* ArmResources::find(std::string_view id) const {
  auto const found = by_id_.find(lower(id));
  return found == by_id_.end() ? nullptr : &found->second;
}
ArmResource* ArmResources::find(std::string_view id) {
  return const_cast<ArmResource*>(std::as_const(*this).find(id));
}

ArmResource& ArmResources::keep(ArmResource resource) {
  std::string const id = lower(resource.id);
  return by_id_.insert_or_assign(id, std::move(resource)).first->second;
}

void ArmResources::erase_with_children(std::string_view id) {
  std::string const own = lower(id), below = own + "/";
  std::erase_if(by_id_, [&](auto const& item) { return item.first == own || item.first.starts_with(below); });
}

std::vector<ArmResource const*> ArmResources::list(std::string_view scope, std::string_view type) const {
  std::string const below = lower(scope) + "/";
  std::string const name = lower(last_segment(type));
  std::vector<ArmResource const*> found;
  for (auto const& [id, resource] : by_id_) {
    std::size_t const last = id.rfind('/');
    if (id.starts_with(below) && id.substr(0, last).ends_with("/" + name)) found.push_back(&resource);
  }
  return found;
}

Json show_resource(ArmKind const& kind, ArmResources const& resources, ArmResource const& resource) {
  Json shown = Json::object({{"name", resource.name}, {"id", resource.id}});
  if (kind.has_etag) shown["etag"] = resource.etag;
  shown["type"] = kind.type;
  if (!kind.is_child()) shown["location"] = resource.location;
  if (resource.tags.is_object()) shown["tags"] = resource.tags;
  if (resource.identity.is_object()) shown["identity"] = resource.identity;
  if (resource.sku.is_object()) {
    shown["sku"] = resource.sku;
    if (resource.sku.text("tier").empty()) shown["sku"]["tier"] = "Regional";
  }
  shown["properties"] = Json::object({{"provisioningState", resource.state}});
  Json const own = kind.properties(resources, resource);
  for (auto const& [name, value] : own.members()) shown["properties"][name] = value;
  shown["properties"]["provisioningState"] = resource.state;
  return shown;
}

std::unique_ptr<Infrastructure> make_infrastructure(Shared& shared) {
  return std::make_unique<InfrastructureService>(shared);
}

}  // namespace trainyard::azsim
