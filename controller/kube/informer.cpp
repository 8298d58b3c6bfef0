#include "controller/kube/informer.hpp"

#include <algorithm>

namespace trainyard::kube {

namespace {

constexpr std::string_view kPage = "500";
constexpr Duration kListDeadline = std::chrono::minutes(5);
constexpr Duration kWatchAtLeast =
    std::chrono::minutes(5);  // to twice that by chance, so that not all end at once
constexpr Duration kWatchSlack = std::chrono::seconds(15);           // for the server to end it
constexpr Duration kQuietWithBookmarks = std::chrono::seconds(150);  // they come every minute
constexpr Duration kFirstBackOff = std::chrono::milliseconds(800), kMostBackOff = std::chrono::seconds(30);
constexpr Duration kShortWatch = std::chrono::seconds(1);
// Source: API concepts, streaming lists.
constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

bool is_expired(Error const& error) { return error.reason == "Expired"; }

/// The server answered, and would not answer otherwise in a moment: it cannot stream lists.
bool cannot_stream(Error const& error) {
  return error.status != 0 && error.kind != ErrorKind::Unauthorized && error.kind != ErrorKind::Forbidden &&
         error.kind != ErrorKind::Throttled && !is_expired(error) && error.status != 503 &&
         error.status != 504;
}

}  // namespace

Informer::Informer(Selection selection, InformerParts parts)
    : selection_(std::move(selection)), parts_(std::move(parts)) {}

ObjectPtr Informer::get(ObjectKey const& key) const {
  std::lock_guard lock(mutex_);
  auto const found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

void Informer::append_to(std::vector<ObjectPtr>& objects) const {
  std::lock_guard lock(mutex_);
  for (auto const& [key, object] : objects_) objects.push_back(object);
}

bool Informer::synced() const {
  std::lock_guard lock(mutex_);
  return synced_;
}

std::optional<Error> Informer::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

std::string Informer::path(std::initializer_list<std::pair<std::string_view, std::string_view>> more) const {
  return collection_path(selection_.type, selection_.ns) + query(more);
}

Result<ObjectPtr> Informer::parse(Json const& object) const {
  Result<ObjectPtr> parsed = parse_object(selection_.type, object);
  if (!parsed || !selection_.versions_only) return parsed;
  StoredObject const& whole = **parsed;
  return std::make_shared<StoredObject const>(
      StoredObject{.key = whole.key, .uid = whole.uid, .resource_version = whole.resource_version});
}

Duration Informer::step(std::stop_token const& stop) {
  SteadyTime const began = parts_.clock.steady();
  bool const listing = version_.empty();
  if (listing && !streams_) {
    Result<Done> const listed = list_pages({.stop = stop, .deadline = began + kListDeadline});
    if (!listed) return stop.stop_requested() ? Duration{0} : back_off(listed.error());
    succeeded();
  }
  Result<Done> const watched = watch(listing && streams_, stop);
  if (stop.stop_requested()) return Duration{0};
  if (watched)  // as it was asked to after a while; one that ends at once would be asked for without end
    return parts_.clock.steady() - began < kShortWatch ? kShortWatch : Duration{0};
  Error const& error = watched.error();
  if (is_expired(error)) {
    parts_.log.debug("the watch is too old: listed anew", {{"kind", selection_.type.kind}});
    version_.clear();
    return Duration{0};
  }
  if (listing && streams_ && version_.empty() && cannot_stream(error)) {
    streams_ = false;
    return Duration{0};
  }
  return back_off(error);
}

Result<Done> Informer::list_pages(Context const& context) {
  Objects fresh;
  std::string go_on, version;
  do {
    Result<Json> const page = parts_.api.get(path({{"limit", kPage}, {"continue", go_on}}), context,
                                             selection_.versions_only ? Shape::ListOfMetadata : Shape::Whole);
    if (!page) return page.error();
    for (Json const& item : page->at("items").items()) {
      Result<ObjectPtr> object = parse(item);
      if (!object) return object.error();
      ObjectKey const key = (*object)->key;
      fresh[key] = *std::move(object);
    }
    version = page->text({"metadata", "resourceVersion"});
    go_on = page->text({"metadata", "continue"});
  } while (!go_on.empty());
  if (version.empty())
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "the API server's list has no resourceVersion"};
  replace(std::move(fresh));
  version_ = version;
  return Done{};
}

Result<Done> Informer::watch(bool with_list, std::stop_token const& stop) {
  auto const part =
      static_cast<Duration::rep>(parts_.random.next() % static_cast<std::uint64_t>(kWatchAtLeast.count()));
  auto const lasts = std::chrono::duration_cast<std::chrono::seconds>(kWatchAtLeast + Duration(part));
  Duration const quiet = bookmarks_ ? kQuietWithBookmarks : lasts + kWatchSlack;
  std::string const seconds = std::to_string(lasts.count());
  std::string const asked = with_list ? path({{"watch", "1"},
                                              {"allowWatchBookmarks", "true"},
                                              {"timeoutSeconds", seconds},
                                              {"sendInitialEvents", "true"},
                                              {"resourceVersionMatch", "NotOlderThan"}})
                                      : path({{"watch", "1"},
                                              {"allowWatchBookmarks", "true"},
                                              {"timeoutSeconds", seconds},
                                              {"resourceVersion", version_}});
  std::optional<Objects> fresh;
  if (with_list) fresh.emplace();
  std::stop_source cut;  // by us, when a line says that it is over
  std::stop_callback const stopped(stop, [&] { cut.request_stop(); });
  std::optional<Error> said;
  Result<Done> const ended = parts_.api.watch(
      asked,
      [&](std::string const& line) {
        if (said) return;
        if (Result<Done> const taken = take_line(line, fresh); !taken) {
          said = taken.error();
          cut.request_stop();
        }
      },
      quiet, {.stop = cut.get_token(), .deadline = parts_.clock.steady() + lasts + kWatchSlack},
      selection_.versions_only ? Shape::Metadata : Shape::Whole);
  if (said) return *said;
  if (!ended) return ended.error();
  if (fresh)
    return Error{.kind = ErrorKind::Transient,
                 .reason = "ListCut",
                 .message = "the API server ended a streamed list before it was whole"};
  return Done{};
}

Result<Done> Informer::take_line(std::string const& line, std::optional<Objects>& fresh) {
  Result<Json> const event = Json::parse(line);
  if (!event)
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "an event of the API server is no JSON: " + event.error().message};
  std::string const type = event->text("type");
  Json const& body = event->at("object");
  if (type == "ERROR")
    return error_of_status(static_cast<int>(body.at("code").integer_or(500)), body, parts_.scrubber);
  std::string const version = body.text({"metadata", "resourceVersion"});
  if (type == "BOOKMARK") {
    bookmarks_ = true;
    if (fresh && body.text({"metadata", "annotations", kInitialEventsEnd}) == "true") {
      replace(std::move(*fresh));
      fresh.reset();
    }
    if (!fresh) {
      version_ = version;
      succeeded();
    }
    return Done{};
  }
  Result<ObjectPtr> object = parse(body);
  if (!object) return object.error();
  if (fresh) {
    ObjectKey const key = (*object)->key;
    if (type == "DELETED")
      fresh->erase(key);
    else
      (*fresh)[key] = *std::move(object);
    return Done{};
  }
  version_ = version;
  if (type == "DELETED")
    drop(**object);
  else
    take(*std::move(object));
  succeeded();
  return Done{};
}

Duration Informer::back_off(Error const& error) {
  bool const first = failures_ == 0;
  failures_ = std::min(failures_ + 1, 10);
  {
    std::lock_guard lock(mutex_);
    failure_ = error;
  }
  std::vector<LogField> const fields{
      {"kind", selection_.type.kind}, {"reason", error.reason}, {"error", error.message}};
  if (first)
    parts_.log.warning("the API server cannot be watched", fields);
  else
    parts_.log.debug("the API server still cannot be watched", fields);
  Duration const full = std::min(kMostBackOff, kFirstBackOff * (1 << (failures_ - 1)));
  auto const jitter = Duration(static_cast<Duration::rep>(parts_.random.next() % 1000) * full.count() / 4000);
  return std::max(full - jitter, error.retry_after.value_or(Duration{0}));
}

void Informer::succeeded() {
  if (failures_ == 0) return;
  failures_ = 0;
  {
    std::lock_guard lock(mutex_);
    failure_.reset();
  }
  parts_.log.info("the API server is watched again", {{"kind", selection_.type.kind}});
}

void Informer::take(ObjectPtr object) {
  bool told = true;
  ObjectKey const key = object->key;
  {
    std::lock_guard lock(mutex_);
    if (gone_.contains(object->uid)) return;
    ObjectPtr& known = objects_[key];
    if (known && known->uid == object->uid && !is_later(object->resource_version, known->resource_version))
      return;
    if (auto const write = pending_.find(key); write != pending_.end()) {
      write->second.seen = object->resource_version;
      told = false;
    }
    known = std::move(object);
  }
  if (told) tell({key});
}

void Informer::drop(StoredObject const& object) {
  {
    std::lock_guard lock(mutex_);
    if (gone_.erase(object.uid) > 0) return;
    auto const known = objects_.find(object.key);
    if (known == objects_.end() || known->second->uid != object.uid) return;
    objects_.erase(known);
  }
  tell({object.key});
}

/// A whole list: swapped in at once, so that nobody sees half of it.
void Informer::replace(Objects fresh) {
  std::vector<ObjectKey> changed;
  {
    std::lock_guard lock(mutex_);
    std::set<std::string> still_gone;
    for (auto it = fresh.begin(); it != fresh.end();) {
      if (gone_.contains(it->second->uid)) {
        still_gone.insert(it->second->uid);
        it = fresh.erase(it);
        continue;
      }
      auto const known = objects_.find(it->first);
      bool const same = known != objects_.end() && known->second->uid == it->second->uid;
      if (same && !is_later(it->second->resource_version, known->second->resource_version))
        it->second = known->second;  // the answer to a write of ours may be later than the list
      else
        changed.push_back(it->first);
      ++it;
    }
    for (auto const& [key, object] : objects_)
      if (!fresh.contains(key)) changed.push_back(key);
    objects_ = std::move(fresh);
    gone_ = std::move(still_gone);
    synced_ = true;
  }
  tell(changed);
  parts_.listed();
}

void Informer::tell(std::vector<ObjectKey> const& keys) const {
  for (ObjectKey const& key : keys) parts_.changed(key);
}

Informer::Write::Write(Informer& informer, ObjectKey key) : informer_(informer), key_(std::move(key)) {
  std::lock_guard lock(informer_.mutex_);
  ++informer_.pending_[key_].writes;
}

ObjectPtr Informer::Write::done(ObjectPtr answer) {
  version_ = answer->resource_version;
  bool ended = false;
  {
    std::lock_guard lock(informer_.mutex_);
    auto const known = informer_.objects_.find(key_);
    bool const same = known != informer_.objects_.end() && known->second->uid == answer->uid;
    if (answer->deleted_at && answer->finalizers.empty()) {
      if (same) {
        informer_.objects_.erase(known);
        informer_.gone_.insert(answer->uid);
        ended = true;
      }
    } else if (same && is_later(answer->resource_version, known->second->resource_version)) {
      known->second = answer;
    }
  }
  if (ended) informer_.tell({key_});
  return answer;
}

Informer::Write::~Write() {
  bool told = false;
  {
    std::lock_guard lock(informer_.mutex_);
    auto const pending = informer_.pending_.find(key_);
    std::string const& seen = pending->second.seen;
    told = !seen.empty() && (version_.empty() || is_later(seen, version_));
    if (told) pending->second.seen.clear();
    if (--pending->second.writes == 0) informer_.pending_.erase(pending);
  }
  if (told) informer_.tell({key_});
}

}  // namespace trainyard::kube
