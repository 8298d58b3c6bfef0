#include "tests/sim/kube_server.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"
#include "tests/sim/kube_wire.hpp"

namespace trainyard::sim {

namespace {

constexpr std::string_view kModified =
    "the object has been modified; please apply your changes to the latest version and try again";

std::string collection_of(kube::ResourceType const& type) {
  return kube::api_version(type) + "/" + std::string(type.plural);
}

/// The finalizers that `next` has beyond those of `before`.
bool adds_finalizer(Json const& before, Json const& next) {
  auto const& old = before.at({"metadata", "finalizers"}).items();
  auto const& fresh = next.at({"metadata", "finalizers"}).items();
  return std::any_of(fresh.begin(), fresh.end(),
                     [&](Json const& one) { return std::find(old.begin(), old.end(), one) == old.end(); });
}

/// The server's own part of the metadata is as it was, whatever a client sends.
Json kept_metadata(Json const& before, Json const& sent) {
  Json meta = before;
  for (char const* theirs : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    meta.erase(theirs);
    Json const& value = sent.at(theirs);
    if (!value.members().empty() || !value.items().empty()) meta[theirs] = value;
  }
  return meta;
}

}  // namespace

struct KubeServer::Call {
  KubeAddress const& address;
  HttpRequest const& request;
  std::string what;  // as messages name it: workspaces.trainyard.dev "demo"
  [[nodiscard]] Name name() const { return {address.ns, address.name}; }
  [[nodiscard]] bool of_status() const { return address.subresource == "status"; }
  [[nodiscard]] HttpResponse conflict(std::string_view why) const {
    return kube_failure(409, "Conflict",
                        "Operation cannot be fulfilled on " + what + ": " + std::string(why));
  }
  [[nodiscard]] HttpResponse invalid(std::string_view why) const {
    return kube_failure(422, "Invalid", what + " is invalid: " + std::string(why));
  }
};

void KubeServer::serve(kube::ResourceType const& type) {
  resources_[collection_of(type)] = {.group = std::string(type.group),
                                     .plural = std::string(type.plural),
                                     .kind = std::string(type.kind),
                                     .api_version = kube::api_version(type)};
}

void KubeServer::serve_custom(kube::ResourceType const& type, Json schema) {
  serve(type);
  resources_[collection_of(type)].custom = true;
  resources_[collection_of(type)].schema = std::move(schema);
}

void KubeServer::compact() {
  compacted_ = version_;
  snapshots_.clear();
}

std::string KubeServer::kind_of(std::string const& collection) const {
  auto const found = resources_.find(collection);
  return found == resources_.end() ? "" : found->second.kind;
}

std::vector<JsonPtr> KubeServer::all(std::string const& collection, std::string const& ns) const {
  std::vector<JsonPtr> objects;
  auto const found = resources_.find(collection);
  if (found == resources_.end()) return objects;
  for (auto const& [name, object] : found->second.objects)
    if (ns.empty() || name.first == ns) objects.push_back(object);
  return objects;
}

JsonPtr KubeServer::find(kube::ResourceType const& type, std::string const& ns,
                         std::string const& name) const {
  Resource const& resource = resources_.at(collection_of(type));
  auto const found = resource.objects.find({ns, name});
  return found == resource.objects.end() ? nullptr : found->second;
}

Json KubeServer::filled(kube::ResourceType const& type, Json object) const {
  return with_defaults(std::move(object), resources_.at(collection_of(type)).schema);
}

HttpResponse KubeServer::handle(HttpRequest const& request) {
  std::optional<KubeAddress> const address = kube_address(request.url);
  auto const known = address ? resources_.find(address->collection) : resources_.end();
  if (known == resources_.end())
    return kube_failure(404, "NotFound", "the server could not find the requested resource");
  Resource& resource = known->second;
  Call const call{
      *address, request,
      resource.plural + (resource.group.empty() ? "" : "." + resource.group) + " \"" + address->name + "\""};
  if (address->name.empty() && request.method == "GET") return list(resource, call);
  Result<Json> body = request.body.empty() ? Json() : Json::parse(request.body);
  if (!body) return kube_failure(400, "BadRequest", "the body is no JSON");
  if (request.method == "POST") return create(resource, call, *std::move(body));
  auto const found = resource.objects.find(call.name());
  JsonPtr const before = found == resource.objects.end() ? nullptr : found->second;
  std::string const content = find_header(request.headers, "Content-Type").value_or("");
  if (request.method == "PATCH" && content.starts_with("application/apply-patch+yaml"))
    return apply(resource, call, before, *body);
  if (!before) return kube_failure(404, "NotFound", call.what + " not found");
  if (request.method == "GET")
    return kube_answer(200, wants_metadata(request) ? metadata_of(*before) : *before);
  if (request.method == "PUT") return replace(resource, call, before, *body);
  if (request.method == "PATCH")
    return patch(resource, call, before,
                 content.starts_with("application/json-patch+json") ? patched(*before, *body)
                                                                    : merged(*before, *body));
  if (request.method == "DELETE") return remove(resource, call, before);
  return kube_failure(405, "MethodNotAllowed", "the server does not allow this method");
}

HttpResponse KubeServer::list(Resource const& resource, Call const& call) {
  std::string const token = call.address.url.parameter("continue").value_or("");
  auto const limit =
      static_cast<std::size_t>(std::atoll(call.address.url.parameter("limit").value_or("0").c_str()));
  Snapshot page{.version = version_, .items = all(call.address.collection, call.address.ns)};
  if (!token.empty()) {
    auto const kept = snapshots_.find(token);
    if (kept == snapshots_.end())
      return kube_failure(410, "Expired", "The provided continue parameter is too old");
    page = kept->second;
  }
  bool const metadata = wants_metadata(call.request);
  Json items = Json::array();
  for (; page.next < page.items.size() && (limit == 0 || items.items().size() < limit); ++page.next)
    items.push_back(metadata ? metadata_of(*page.items[page.next]) : *page.items[page.next]);
  Json meta = Json::object({{"resourceVersion", std::to_string(page.version)}});
  if (page.next < page.items.size()) {
    std::string const next = std::to_string(++made_);
    meta["continue"] = next;
    meta["remainingItemCount"] = static_cast<std::int64_t>(page.items.size() - page.next);
    snapshots_[next] = std::move(page);
  }
  return kube_answer(200,
                     Json::object({{"kind", metadata ? "PartialObjectMetadataList" : resource.kind + "List"},
                                   {"apiVersion", metadata ? "meta.k8s.io/v1" : resource.api_version},
                                   {"metadata", std::move(meta)},
                                   {"items", std::move(items)}}));
}

HttpResponse KubeServer::create(Resource& resource, Call const& call, Json object) {
  Name const name{call.address.ns, object.text({"metadata", "name"})};
  if (resource.objects.contains(name))
    return kube_failure(409, "AlreadyExists", resource.plural + " \"" + name.second + "\" already exists");
  std::string digits = std::to_string(++made_);
  digits.insert(0, 12 - std::min<std::size_t>(12, digits.size()), '0');
  Json meta = Json::object({{"name", name.second}, {"namespace", name.first}});
  meta["uid"] = "00000000-0000-4000-8000-" + digits;
  meta["creationTimestamp"] = to_rfc3339(std::chrono::floor<std::chrono::seconds>(clock_.wall()));
  if (resource.custom) meta["generation"] = 1;
  object["metadata"] = kept_metadata(meta, object.at("metadata"));
  object["apiVersion"] = resource.api_version;
  object["kind"] = resource.kind;
  if (resource.custom) object.erase("status");  // nobody but the subresource writes it
  object = with_defaults(std::move(object), resource.schema);
  store(resource, name, object, "ADDED");
  return kube_answer(201, object);
}

HttpResponse KubeServer::replace(Resource& resource, Call const& call, JsonPtr const& before,
                                 Json const& next) {
  if (next.text({"metadata", "name"}) != call.address.name)
    return kube_failure(400, "BadRequest", "the name of the object does not match the name on the URL");
  if (resource.custom && next.text({"metadata", "resourceVersion"}).empty())
    return call.invalid("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
  std::string const uid = next.text({"metadata", "uid"});
  if (!uid.empty() && uid != before->text({"metadata", "uid"}))
    return call.conflict("Precondition failed: UID in precondition: " + uid +
                         ", UID in object meta: " + before->text({"metadata", "uid"}));
  return update(resource, call, *before, next);
}

HttpResponse KubeServer::patch(Resource& resource, Call const& call, JsonPtr const& before,
                               Json const& next) {
  if (next.text({"metadata", "resourceVersion"}) == before->text({"metadata", "resourceVersion"}) &&
      next.text({"metadata", "uid"}) != before->text({"metadata", "uid"}))
    return call.invalid("metadata.uid: Invalid value: field is immutable");
  return update(resource, call, *before, next);
}

/// By the one manager of everything but finalizers and status.
HttpResponse KubeServer::apply(Resource& resource, Call const& call, JsonPtr const& before,
                               Json const& wanted) {
  if (!before) return create(resource, call, wanted);
  Json next = wanted;
  if (Json const& kept = before->at({"metadata", "finalizers"}); !kept.is_null())
    next["metadata"]["finalizers"] = kept;
  next["apiVersion"] = resource.api_version;
  next["kind"] = resource.kind;
  return update(resource, call, *before, std::move(next));
}

HttpResponse KubeServer::update(Resource& resource, Call const& call, Json const& before, Json next) {
  std::string const based_on = next.text({"metadata", "resourceVersion"});
  if (!based_on.empty() && based_on != before.text({"metadata", "resourceVersion"}))
    return call.conflict(kModified);
  if (call.of_status()) {
    Json after = before;
    after.erase("status");
    if (!next.at("status").is_null()) after["status"] = next.at("status");
    next = std::move(after);
  } else {
    next["metadata"] = kept_metadata(before.at("metadata"), next.at("metadata"));
    if (resource.custom) {
      next.erase("status");
      if (!before.at("status").is_null()) next["status"] = before.at("status");
    }
  }
  next = with_defaults(std::move(next), resource.schema);
  bool const leaving = !before.at({"metadata", "deletionTimestamp"}).is_null();
  if (leaving && adds_finalizer(before, next))
    return call.invalid(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted");
  if (resource.custom && !(next.at("spec") == before.at("spec")))
    next["metadata"]["generation"] = before.at({"metadata", "generation"}).integer_or(0) + 1;
  if (call.of_status()) told_(before, next);
  if (next == before) return kube_answer(200, before);
  if (leaving && next.at({"metadata", "finalizers"}).is_null()) {
    end(resource, call.name(), before);
    return kube_answer(200, next);  // as it was sent, with the version that was read
  }
  store(resource, call.name(), next, "MODIFIED");
  return kube_answer(200, next);
}

HttpResponse KubeServer::remove(Resource& resource, Call const& call, JsonPtr const& before) {
  if (before->at({"metadata", "finalizers"}).is_null()) {
    end(resource, call.name(), *before);
    return kube_answer(200, kube_status(200, "", ""));
  }
  if (!before->at({"metadata", "deletionTimestamp"}).is_null()) return kube_answer(200, *before);
  Json leaving = *before;
  Json& meta = leaving["metadata"];
  meta["deletionTimestamp"] = to_rfc3339(std::chrono::floor<std::chrono::seconds>(clock_.wall()));
  meta["deletionGracePeriodSeconds"] = 0;
  if (resource.custom) meta["generation"] = meta.at("generation").integer_or(0) + 1;
  store(resource, call.name(), leaving, "MODIFIED");
  return kube_answer(200, leaving);
}

void KubeServer::store(Resource& resource, Name const& name, Json& object, char const* type) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  JsonPtr const stored = std::make_shared<Json const>(object);
  resource.objects[name] = stored;
  record(resource, name, type, stored);
}

void KubeServer::end(Resource& resource, Name const& name, Json last) {
  resource.objects.erase(name);
  last["metadata"]["resourceVersion"] = std::to_string(++version_);
  record(resource, name, "DELETED", std::make_shared<Json const>(std::move(last)));
  gone_();
}

void KubeServer::record(Resource const& resource, Name const& name, char const* type, JsonPtr object) {
  changes_.push_back({.version = version_,
                      .at = clock_.steady(),
                      .collection = resource.api_version + "/" + resource.plural,
                      .ns = name.first,
                      .type = type,
                      .object = std::move(object)});
}

}  // namespace trainyard::sim
