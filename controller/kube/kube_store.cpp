#include "controller/kube/kube_store.hpp"

#include <algorithm>

#include "controller/base/encoding.hpp"

namespace trainyard::kube {

namespace {

constexpr std::string_view kFieldManager = "trainyard";

Error not_found(ObjectKey const& key) {
  return {
      .kind = ErrorKind::NotFound, .reason = "ObjectNotFound", .message = to_string(key) + " is not there"};
}

Error conflict(ObjectKey const& key) {
  return {.kind = ErrorKind::Conflict,
          .reason = "ObjectChanged",
          .message = to_string(key) + " changed since it was read"};
}

Error secret_missing(std::string_view ns, std::string_view name, std::string const& what) {
  return {.kind = ErrorKind::NotFound,
          .reason = "SecretNotFound",
          .message = "Secret " + std::string(ns) + "/" + std::string(name) + what};
}

}  // namespace

KubeStore::KubeStore(KubeStoreOptions options, KubeStoreParts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      events_({.api = parts_.api,
               .clock = parts_.clock,
               .random = parts_.random,
               .log = parts_.log,
               .scrubber = parts_.scrubber,
               .instance = options_.instance}),
      referred_(informer_parts(), parts_.run) {
  for (ResourceType const& type : options_.kinds)
    kinds_.push_back(
        {type, std::make_unique<Informer>(Selection{.type = type, .ns = options_.ns}, informer_parts())});
}

KubeStore::~KubeStore() { stop(); }

InformerParts KubeStore::informer_parts() {
  return {.api = parts_.api,
          .clock = parts_.clock,
          .random = parts_.random,
          .log = parts_.log,
          .scrubber = parts_.scrubber,
          .changed = [this](ObjectKey const& key) { changed(key); },
          .listed = parts_.changed};
}

void KubeStore::start() {
  for (Kind const& kind : kinds_) running_.push_back(parts_.run(*kind.informer));
  running_.push_back(parts_.run(events_));
}

void KubeStore::stop() {
  for (auto const& loop : running_) loop->request_stop();
  referred_.stop();
  running_.clear();  // waits for them
}

bool KubeStore::synced() const {
  return std::all_of(kinds_.begin(), kinds_.end(), [](Kind const& kind) { return kind.informer->synced(); });
}

std::optional<Error> KubeStore::failure() const {
  for (Kind const& kind : kinds_)
    if (std::optional<Error> failure = kind.informer->failure())
      return failure->while_doing("watching " + std::string(kind.type.plural));
  return std::nullopt;
}

std::string KubeStore::seen_version(ObjectKey const& key) const {
  if (ObjectPtr const object = get(key)) return object->resource_version;
  return referred_.seen_version(key);
}

KubeStore::Kind const* KubeStore::find(std::string_view kind) const {
  auto const found =
      std::find_if(kinds_.begin(), kinds_.end(), [&](Kind const& known) { return known.type.kind == kind; });
  return found == kinds_.end() ? nullptr : &*found;
}

ObjectPtr KubeStore::get(ObjectKey const& key) const {
  Kind const* const kind = find(key.kind);
  return kind == nullptr ? nullptr : kind->informer->get(key);
}

std::vector<ObjectPtr> KubeStore::list(std::string_view name) const {
  std::vector<ObjectPtr> objects;
  if (Kind const* const kind = find(name)) kind->informer->append_to(objects);
  return objects;
}

Result<ObjectPtr> KubeStore::current_of(StoredObject const& read) const {
  ObjectPtr current = get(read.key);
  if (!current) return not_found(read.key);
  if (current->resource_version != read.resource_version) return conflict(read.key);
  return current;
}

Result<ObjectPtr> KubeStore::put_status(StoredObject const& read, Json status, Context const& context) {
  Result<ObjectPtr> current = current_of(read);
  if (!current || (*current)->status == status) return current;
  Kind const& kind = *find(read.key.kind);
  // With the version it fails if anything changed. The status is put whole; nothing else is sent, since a
  // label or annotation that a PUT left out would be nobody's any more.
  auto const put = [](char const* field, Json value) {
    return Json::object({{"op", "add"}, {"path", field}, {"value", std::move(value)}});
  };
  Json const operations =
      Json::array({put("/metadata/uid", read.uid), put("/metadata/resourceVersion", read.resource_version),
                   put("/status", std::move(status))});
  Informer::Write write(*kind.informer, read.key);
  Result<Json> const answer = parts_.api.json_patch(
      object_path(kind.type, read.key.ns, read.key.name, "status") + query({{"fieldManager", kFieldManager}}),
      operations, context);
  if (!answer) return answer.error();
  Result<ObjectPtr> object = parse_object(kind.type, *answer);
  if (object) object = write.done(*std::move(object));
  parts_.changed();
  return object;
}

Result<ObjectPtr> KubeStore::put_finalizers(StoredObject const& current, std::vector<std::string> finalizers,
                                            Context const& context) {
  Kind const& kind = *find(current.key.kind);
  Json list = Json::array();
  for (std::string& finalizer : finalizers) list.push_back(std::move(finalizer));
  // With the version it fails if anything changed, so that nobody else's finalizer is lost.
  Json const patch = Json::object({{"metadata", Json::object({{"uid", current.uid},
                                                              {"resourceVersion", current.resource_version},
                                                              {"finalizers", std::move(list)}})}});
  Informer::Write write(*kind.informer, current.key);
  Result<Json> const answer = parts_.api.merge_patch(
      object_path(kind.type, current.key.ns, current.key.name) + query({{"fieldManager", kFieldManager}}),
      patch, context);
  if (!answer) return answer.error();
  Result<ObjectPtr> object = parse_object(kind.type, *answer);
  if (object) object = write.done(*std::move(object));
  parts_.changed();
  return object;
}

Result<ObjectPtr> KubeStore::add_finalizer(StoredObject const& read, std::string_view finalizer,
                                           Context const& context) {
  Result<ObjectPtr> current = current_of(read);
  if (!current || (*current)->has_finalizer(finalizer)) return current;
  if ((*current)->deleted_at)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "BeingDeleted",
                 .message = to_string(read.key) + " is being deleted: it takes no new finalizer"};
  std::vector<std::string> finalizers = (*current)->finalizers;
  finalizers.emplace_back(finalizer);
  return put_finalizers(**current, std::move(finalizers), context);
}

Result<Done> KubeStore::remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                         Context const& context) {
  Result<ObjectPtr> const current = current_of(read);
  if (!current) return current.error();
  if (!(*current)->has_finalizer(finalizer)) return Done{};
  std::vector<std::string> finalizers = (*current)->finalizers;
  std::erase(finalizers, finalizer);
  Result<ObjectPtr> const written = put_finalizers(**current, std::move(finalizers), context);
  if (!written) return written.error();
  return Done{};
}

void KubeStore::record(Event event) {
  ObjectPtr const object = get(event.about);
  Kind const* const kind = find(event.about.kind);
  if (!object || kind == nullptr) {  // it is gone already: nobody could read it there
    parts_.log.info(
        "an event of an object that is gone",
        {{"object", to_string(event.about)}, {"reason", event.reason}, {"message", event.message}});
    return;
  }
  Regarding about{.key = event.about,
                  .api_version = api_version(kind->type),
                  .uid = object->uid,
                  .resource_version = object->resource_version};
  events_.record(std::move(about), std::move(event));
}

Result<std::string> KubeStore::secret(std::string_view ns, std::string_view name, std::string_view key,
                                      Context const& context) {
  Result<Json> const secret =
      read_and_follow(kSecrets, {"Secret", std::string(ns), std::string(name)}, context);
  if (!secret && secret.error().kind == ErrorKind::NotFound)
    return secret_missing(ns, name, " is not there: create it (kubectl create secret generic)");
  if (!secret) return secret.error();
  Json const* const data = secret->at("data").find(key);
  if (data == nullptr) return secret_missing(ns, name, " has no key '" + std::string(key) + "': add it");
  Result<std::string> value = base64_decode(data->string_or(""));
  if (value) parts_.scrubber.add_secret(*value);
  return value;
}

Result<Json> KubeStore::config_map(std::string_view ns, std::string_view name, Context const& context) {
  return read_and_follow(kConfigMaps, {"ConfigMap", std::string(ns), std::string(name)}, context);
}

Result<Json> KubeStore::read_and_follow(ResourceType const& type, ObjectKey const& key,
                                        Context const& context) {
  Result<Json> object = parts_.api.get(object_path(type, key.ns, key.name), context);
  if (!object && object.error().kind != ErrorKind::NotFound)
    return object.error().while_doing("reading " + to_string(key));
  if (referred_.read(type, key, object ? object->text({"metadata", "resourceVersion"}) : ""))
    forget_unused_places(key);
  return object;
}

/// Whenever a place is new, which is seldom: few are left that nobody refers to.
void KubeStore::forget_unused_places(ObjectKey const& just_read) {
  if (!options_.refers_to) return;
  std::set<ReferredObjects::Place> used{{just_read.kind, just_read.ns}};
  for (Kind const& kind : kinds_)
    for (ObjectPtr const& object : list(kind.type.kind))
      for (ObjectKey const& key : options_.refers_to(*object)) used.insert({key.kind, key.ns});
  referred_.keep_only(used);
}

void KubeStore::changed(ObjectKey const& key) {
  {
    std::lock_guard lock(mutex_);
    changes_.push_back(key);
  }
  parts_.changed();
}

std::vector<ObjectKey> KubeStore::take_changes() {
  std::vector<ObjectKey> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(changes_);
  }
  std::set<ObjectKey> seen;
  std::erase_if(all, [&](ObjectKey const& key) { return !seen.insert(key).second; });
  return all;
}

}  // namespace trainyard::kube
