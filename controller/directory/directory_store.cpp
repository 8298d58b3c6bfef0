#include "controller/directory/directory_store.hpp"

#include <algorithm>
#include <utility>

#include "controller/directory/store_disk.hpp"

namespace trainyard::directory {

namespace {

constexpr auto kEventsOfGoneObjects = std::chrono::hours(24 * 7);

Error not_found(ObjectKey const& key) {
  return {
      .kind = ErrorKind::NotFound, .reason = "ObjectNotFound", .message = to_string(key) + " is not there"};
}

Error conflict(ObjectKey const& key) {
  return {.kind = ErrorKind::Conflict,
          .reason = "ObjectChanged",
          .message = to_string(key) + " changed since it was read"};
}

Result<Done> check_folders(DirectoryOptions const& options) {
  std::error_code error;
  for (std::filesystem::path const* folder :
       {&options.directory, options.secrets ? &*options.secrets : nullptr}) {
    if (folder == nullptr) continue;
    if (!std::filesystem::is_directory(*folder, error))
      return Error{
          .kind = ErrorKind::Invalid,
          .reason = "NotAFolder",
          .message = "'" + folder->string() + "' is no folder that can be read; make it, or name another"};
  }
  if (Result<Done> made = make_folder(options.state); !made)
    return made.error().while_doing("making the state folder");
  if (same_file(options.state, options.directory))
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "StateInManifests",
                 .message = "the state folder '" + options.state.string() +
                            "' is the folder of manifests itself; name another"};
  return Done{};
}

}  // namespace

DirectoryStore::DirectoryStore(DirectoryOptions options, DirectoryParts parts)
    : options_(std::move(options)), parts_(std::move(parts)) {}
DirectoryStore::~DirectoryStore() = default;

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(DirectoryOptions options, DirectoryParts parts) {
  std::unique_ptr<DirectoryStore> store(new DirectoryStore(std::move(options), std::move(parts)));
  if (Result<Done> loaded = store->load(); !loaded) return loaded.error();
  return store;
}

Result<Done> DirectoryStore::load() {
  if (Result<Done> fit = check_folders(options_); !fit) return fit;
  Result<FolderLocks> locks = FolderLocks::take(options_, parts_.log);
  if (!locks) return locks.error();
  Result<std::unique_ptr<StateFile>> file = StateFile::open(state_file_path(options_), StateFile::Mode::Own);
  if (!file) return file.error();
  StateFile& state = **file;
  Result<std::int64_t> const version = state.last_version();
  if (!version) return version.error();
  last_version_ = *version;
  Result<std::vector<StoredObject>> objects = state.objects();
  if (!objects) return objects.error();
  for (StoredObject& object : *objects) {
    ObjectKey const key = object.key;
    objects_[key] = std::make_shared<StoredObject const>(std::move(object));
  }
  if (Result<Done> forgotten =
          state.forget_events_of_gone_objects(parts_.clock.wall() - kEventsOfGoneObjects);
      !forgotten)
    return forgotten;
  disk_ = std::make_unique<Disk>(
      Disk{*std::move(locks), *std::move(file), ManifestFolder(options_, parts_.read, parts_.scrubber)});
  return Done{};
}

ObjectPtr DirectoryStore::get(ObjectKey const& key) const {
  std::lock_guard lock(mutex_);
  auto const found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<ObjectPtr> DirectoryStore::list(std::string_view kind) const {
  std::lock_guard lock(mutex_);
  std::vector<ObjectPtr> objects;
  for (auto it = objects_.lower_bound({std::string(kind), "", ""});
       it != objects_.end() && it->first.kind == kind; ++it)
    objects.push_back(it->second);
  return objects;
}

Result<ObjectPtr> DirectoryStore::current_of(StoredObject const& read) const {
  ObjectPtr current = get(read.key);
  if (!current) return not_found(read.key);
  if (current->resource_version != read.resource_version) return conflict(read.key);
  return current;
}

Result<Done> DirectoryStore::commit(Batch batch) {
  std::int64_t version = last_version_;
  std::vector<ObjectKey> changed;
  for (Write& write : batch.writes) {
    if (!write.news) continue;
    write.object.resource_version = std::to_string(++version);
    if (batch.tell) changed.push_back(write.object.key);
  }
  changed.insert(changed.end(), batch.gone.begin(), batch.gone.end());
  StateFile& state = *disk_->state;
  WallTime const now = parts_.clock.wall();
  bool const only_tells = batch.writes.empty() && batch.gone.empty() && batch.requests.empty();
  auto const write_all = [&]() -> Result<Done> {
    for (Write const& write : batch.writes)
      if (Result<Done> put = state.put(write.object); !put) return put;
    for (ObjectKey const& key : batch.gone)
      if (Result<Done> erased = state.erase(key); !erased) return erased;
    for (Event const& event : batch.events)
      if (Result<Done> recorded = state.record(event, now); !recorded) return recorded;
    for (DeletionRequest const& request : batch.requests)
      if (Result<Done> dropped = state.drop_deletion_request(request.key); !dropped) return dropped;
    if (!batch.gone.empty())
      if (Result<Done> forgotten = state.forget_events_of_gone_objects(now - kEventsOfGoneObjects);
          !forgotten)
        return forgotten;
    return version == last_version_ ? Result<Done>(Done{}) : state.set_last_version(version);
  };
  Result<Done> written = state.transaction(write_all, only_tells ? Kept::Written : Kept::Synced);
  if (!written) return written;
  last_version_ = version;
  {
    std::lock_guard lock(mutex_);
    for (Write& write : batch.writes) {
      ObjectKey const key = write.object.key;
      objects_[key] = std::make_shared<StoredObject const>(std::move(write.object));
    }
    for (ObjectKey const& key : batch.gone) objects_.erase(key);
    changes_.insert(changes_.end(), changed.begin(), changed.end());
  }
  parts_.written();
  return Done{};
}

Result<ObjectPtr> DirectoryStore::write(StoredObject object) {
  ObjectKey const key = object.key;
  Batch batch;
  batch.writes.push_back({std::move(object)});
  batch.tell = false;
  Result<Done> const written = commit(std::move(batch));
  tell_whether_written(written);
  if (!written) return written.error();
  return get(key);
}

void DirectoryStore::tell_whether_written(Result<Done> const& written) {
  if (written.has_value() == writable_) return;
  writable_ = written.has_value();
  if (writable_)
    parts_.log.warning("the state is written again");
  else
    parts_.log.error("the state cannot be written, so nothing goes on", {{"error", written.error().message}});
}

Result<ObjectPtr> DirectoryStore::put_status(StoredObject const& read, Json status, Context const&) {
  std::lock_guard writing(writing_);
  Result<ObjectPtr> current = current_of(read);
  if (!current || (*current)->status == status) return current;
  StoredObject after = **current;
  after.status = std::move(status);
  return write(std::move(after));
}

Result<ObjectPtr> DirectoryStore::add_finalizer(StoredObject const& read, std::string_view finalizer,
                                                Context const&) {
  std::lock_guard writing(writing_);
  Result<ObjectPtr> current = current_of(read);
  if (!current || (*current)->has_finalizer(finalizer)) return current;
  if ((*current)->deleted_at)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "BeingDeleted",
                 .message = to_string(read.key) + " is being deleted: it takes no new finalizer"};
  StoredObject after = **current;
  after.finalizers.emplace_back(finalizer);
  return write(std::move(after));
}

Result<Done> DirectoryStore::remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                              Context const&) {
  bool declared_again = false;
  {
    std::lock_guard writing(writing_);
    Result<ObjectPtr> const current = current_of(read);
    if (!current) return current.error();
    if (!(*current)->has_finalizer(finalizer)) return Done{};
    StoredObject after = **current;
    std::erase(after.finalizers, finalizer);
    if (!after.deleted_at || !after.finalizers.empty()) {
      Result<ObjectPtr> const written = write(std::move(after));
      return written ? Result<Done>(Done{}) : written.error();
    }
    Batch batch;
    batch.gone.push_back(read.key);
    if (Result<Done> gone = commit(std::move(batch)); !gone) return gone;
    std::lock_guard lock(mutex_);
    declared_again = declared_.contains(read.key);
  }
  if (declared_again) {  // its document came back while it was being deleted: the next scan makes it anew
    if (Result<Done> const woken = wake_operator(options_); !woken)
      parts_.log.warning("no look at the folder could be asked for", {{"error", woken.error().message}});
  }
  return Done{};
}

void DirectoryStore::record(Event event) {
  event.message = parts_.scrubber.scrub(event.message);
  Result<Done> recorded = Done{};
  {
    std::lock_guard writing(writing_);
    Batch batch;
    batch.events.push_back(event);
    recorded = commit(std::move(batch));
  }
  if (!recorded)
    parts_.log.warning("an event could not be kept", {{"object", to_string(event.about)},
                                                      {"reason", event.reason},
                                                      {"message", event.message},
                                                      {"error", recorded.error().message}});
}

Result<std::vector<StoredEvent>> DirectoryStore::events(std::optional<ObjectKey> const& about) const {
  std::lock_guard writing(writing_);
  return disk_->state->events(about);
}

Result<std::string> DirectoryStore::secret(std::string_view ns, std::string_view name, std::string_view key,
                                           Context const&) {
  ObjectKey const secret{"Secret", std::string(ns), std::string(name)};
  std::string file;
  {
    std::lock_guard lock(mutex_);
    if (auto const found = secret_documents_.find(secret); found != secret_documents_.end())
      file = found->second;
  }
  Result<std::string> value = Error{};
  if (options_.secrets && ns == "default" && is_secret_folder(*options_.secrets, name)) {
    value = read_secret_file(*options_.secrets, name, key);
  } else if (!file.empty()) {
    value = read_secret_document(options_.directory, file, secret, key);
  } else {
    std::string const where =
        options_.secrets && ns == "default"
            ? "write it to " + (*options_.secrets / name / key).string() + " (mode 0600)"
            : "write a v1 Secret into a manifest of mode 0600, or use --secrets";
    value = Error{.kind = ErrorKind::NotFound,
                  .reason = "SecretNotFound",
                  .message = "Secret " + secret.ns + "/" + secret.name + " is not there: " + where};
  }
  if (value) parts_.scrubber.add_secret(*value);
  return value;
}

std::vector<ObjectKey> DirectoryStore::take_changes() {
  std::vector<ObjectKey> all;
  {
    std::lock_guard lock(mutex_);
    all.swap(changes_);
  }
  std::set<ObjectKey> seen;
  std::vector<ObjectKey> changes;
  for (ObjectKey& key : all)
    if (seen.insert(key).second) changes.push_back(std::move(key));
  return changes;
}

void DirectoryStore::sources_changed() {
  std::lock_guard lock(mutex_);
  for (auto const& [key, object] : objects_) changes_.push_back(key);
}

Result<std::vector<ObjectKey>> DirectoryStore::orphans() const {
  std::lock_guard lock(mutex_);
  if (!complete_)
    return Error{
        .kind = ErrorKind::Invalid,
        .reason = "ManifestsUnreadable",
        .message =
            "not all manifests could be read, so what they no longer declare is not known: mend them "
            "first"};
  std::vector<ObjectKey> orphans;
  for (auto const& [key, object] : objects_)
    if (object->orphaned && !object->deleted_at) orphans.push_back(key);
  return orphans;
}

Result<Done> DirectoryStore::request_delete(ObjectKey const& key) {
  std::lock_guard writing(writing_);
  ObjectPtr const object = get(key);
  if (!object) return not_found(key);
  if (object->deleted_at) return Done{};
  if (Result<Done> allowed = check_unprotected(*object); !allowed) return allowed;
  {
    std::lock_guard lock(mutex_);
    if (auto const declared = declared_.find(key); declared != declared_.end())
      return still_declared(key, declared->second);
  }
  Batch batch;
  if (object->finalizers.empty()) {
    batch.gone.push_back(key);
  } else {
    StoredObject after = *object;
    after.deleted_at = parts_.clock.wall();
    batch.writes.push_back({std::move(after)});
  }
  return commit(std::move(batch));
}

}  // namespace trainyard::directory
