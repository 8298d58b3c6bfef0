#include "controller/directory/state_file.hpp"

namespace trainyard::directory {

namespace {

constexpr std::int64_t kApplication = 0x54726179;  // marks the file as ours
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kMostEvents = 100;

constexpr std::string_view kSchema[] = {
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
    "CREATE TABLE objects (kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, generation INTEGER NOT "
    "NULL, "
    "version INTEGER NOT NULL, finalizers TEXT NOT NULL, deleted_at INTEGER, created_at INTEGER NOT NULL, "
    "labels TEXT NOT NULL, annotations TEXT NOT NULL, spec TEXT NOT NULL, status TEXT NOT NULL, "
    "source TEXT NOT NULL, orphaned INTEGER NOT NULL, PRIMARY KEY (kind, ns, name)) STRICT",
    "CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, "
    "warning INTEGER NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, first_seen INTEGER NOT NULL, "
    "last_seen INTEGER NOT NULL, count INTEGER NOT NULL, UNIQUE (kind, ns, name, warning, reason, message)) "
    "STRICT",
    "CREATE TABLE deletion_requests (kind TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, at INTEGER "
    "NOT NULL, "
    "PRIMARY KEY (kind, ns, name)) STRICT"};

constexpr std::string_view kObjectColumns =
    "SELECT kind, ns, name, generation, version, finalizers, deleted_at, created_at, labels, annotations, "
    "spec, "
    "status, source, orphaned FROM objects ";

std::int64_t number_of(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(SqlValue const& value) { return WallTime(Duration(integer_of(value))); }

std::vector<SqlValue> values_of(ObjectKey const& key) { return {key.kind, key.ns, key.name}; }

Result<StoredObject> object_of(SqlRow const& row) {
  StoredObject object;
  object.key = {text_of(row[0]), text_of(row[1]), text_of(row[2])};
  object.generation = integer_of(row[3]);
  object.resource_version = std::to_string(integer_of(row[4]));
  if (std::holds_alternative<std::int64_t>(row[6])) object.deleted_at = time_of(row[6]);
  object.created_at = time_of(row[7]);
  Json finalizers;
  for (auto const& [column, field] : {std::pair<std::size_t, Json*>{5, &finalizers},
                                      {8, &object.labels},
                                      {9, &object.annotations},
                                      {10, &object.spec},
                                      {11, &object.status}}) {
    Result<Json> value = Json::parse(text_of(row[column]));
    if (!value)
      return Error{.kind = ErrorKind::Invalid,
                   .reason = "StateDamaged",
                   .message = "the state file's row of " + to_string(object.key) +
                              " is damaged: restore a copy of the file, or move it away and start anew"};
    *field = *std::move(value);
  }
  for (Json const& finalizer : finalizers.items()) object.finalizers.push_back(finalizer.string_or(""));
  object.source = text_of(row[12]);
  object.orphaned = integer_of(row[13]) != 0;
  return object;
}

}  // namespace

Result<std::unique_ptr<StateFile>> StateFile::open(std::filesystem::path const& path, Mode mode) {
  Result<std::unique_ptr<Database>> database =
      Database::open(path, mode == Mode::Own ? Database::Mode::Create : Database::Mode::Existing);
  if (!database) return database.error();
  std::unique_ptr<StateFile> file(new StateFile(*std::move(database)));
  if (Result<Done> ready = file->prepare(path, mode); !ready) return ready.error();
  return file;
}

Result<Done> StateFile::prepare(std::filesystem::path const& path, Mode mode) {
  Result<std::vector<SqlRow>> const facts = database_->query(
      "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM "
      "pragma_user_version), "
      "(SELECT count(*) FROM sqlite_schema)");
  if (!facts) return facts.error();
  std::int64_t const application = integer_of((*facts)[0][0]);
  std::int64_t const version = integer_of((*facts)[0][1]);
  bool const empty = application == 0 && version == 0 && integer_of((*facts)[0][2]) == 0;
  if (application == kApplication && version > kVersion)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "StateNewer",
                 .message = "state file " + path.string() +
                            " was made by a newer trainyard (its version is " + std::to_string(version) +
                            ", this program knows " + std::to_string(kVersion) +
                            "): use that one, or another state folder"};
  if (!empty && (application != kApplication || version != kVersion))
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "StateForeign",
                 .message = "state file " + path.string() +
                            " is another program's: name another state folder, or move the file away"};
  if (mode == Mode::Look) {
    if (!empty) return Done{};
    return Error{
        .kind = ErrorKind::NotFound,
        .reason = "StateEmpty",
        .message = "state file " + path.string() + " is empty: start the operator on the folder first"};
  }
  // Only now, that it is known to be ours: this writes to the file.
  if (Result<Done> set = database_->run("PRAGMA journal_mode=WAL"); !set) return set;
  return empty ? create() : Result<Done>(Done{});
}

Result<Done> StateFile::create() {
  return database_->transaction([&]() -> Result<Done> {
    for (std::string_view const statement : kSchema)
      if (Result<Done> made = database_->run(statement); !made) return made;
    if (Result<Done> marked = database_->run("PRAGMA application_id=" + std::to_string(kApplication));
        !marked)
      return marked;
    return database_->run("PRAGMA user_version=" + std::to_string(kVersion));
  });
}

Result<std::vector<StoredObject>> StateFile::objects(std::optional<std::string_view> kind) {
  std::string sql(kObjectColumns);
  std::vector<SqlValue> values;
  if (kind) {
    sql += "WHERE kind=? ";
    values.emplace_back(std::string(*kind));
  }
  Result<std::vector<SqlRow>> const rows = database_->query(sql + "ORDER BY kind, ns, name", values);
  if (!rows) return rows.error();
  std::vector<StoredObject> objects;
  for (SqlRow const& row : *rows) {
    Result<StoredObject> object = object_of(row);
    if (!object) return object.error();
    objects.push_back(*std::move(object));
  }
  return objects;
}

Result<std::optional<StoredObject>> StateFile::object(ObjectKey const& key) {
  Result<std::vector<SqlRow>> const rows =
      database_->query(std::string(kObjectColumns) + "WHERE kind=? AND ns=? AND name=?", values_of(key));
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<StoredObject>();
  Result<StoredObject> object = object_of(rows->front());
  if (!object) return object.error();
  return std::optional<StoredObject>(*std::move(object));
}

Result<Done> StateFile::put(StoredObject const& object) {
  Json finalizers = Json::array();
  for (std::string const& finalizer : object.finalizers) finalizers.push_back(finalizer);
  SqlValue deleted_at = nullptr;
  if (object.deleted_at) deleted_at = number_of(*object.deleted_at);
  return database_->run(
      "INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      {object.key.kind, object.key.ns, object.key.name, object.generation,
       std::int64_t{std::stoll(object.resource_version)}, finalizers.dump(), deleted_at,
       number_of(object.created_at), object.labels.dump(), object.annotations.dump(), object.spec.dump(),
       object.status.dump(), object.source, std::int64_t{object.orphaned ? 1 : 0}});
}

Result<Done> StateFile::erase(ObjectKey const& key) {
  return database_->run("DELETE FROM objects WHERE kind=? AND ns=? AND name=?", values_of(key));
}

Result<std::int64_t> StateFile::last_version() {
  Result<std::vector<SqlRow>> const rows =
      database_->query("SELECT value FROM counters WHERE name='version'");
  if (!rows) return rows.error();
  return rows->empty() ? std::int64_t{0} : integer_of((*rows)[0][0]);
}

Result<Done> StateFile::set_last_version(std::int64_t version) {
  return database_->run("INSERT OR REPLACE INTO counters VALUES ('version', ?)", {version});
}

Result<Done> StateFile::record(Event const& event, WallTime now) {
  std::vector<SqlValue> values = values_of(event.about);
  values.insert(values.end(),
                {std::int64_t{event.warning ? 1 : 0}, event.reason, event.message, number_of(now)});
  Result<Done> written = database_->run(
      "INSERT INTO events (kind, ns, name, warning, reason, message, first_seen, last_seen, count) "
      "VALUES (?1,?2,?3,?4,?5,?6,?7,?7,1) ON CONFLICT (kind, ns, name, warning, reason, message) "
      "DO UPDATE SET last_seen=max(last_seen, ?7), count=count+1",
      values);
  if (!written) return written;
  values = values_of(event.about);
  values.emplace_back(kMostEvents);
  return database_->run(
      "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE kind=? AND ns=? AND name=? "
      "ORDER BY last_seen DESC, id DESC LIMIT -1 OFFSET ?)",
      values);
}

Result<std::vector<StoredEvent>> StateFile::events(std::optional<ObjectKey> const& about) {
  std::string sql =
      "SELECT kind, ns, name, warning, reason, message, first_seen, last_seen, count FROM events ";
  if (about) sql += "WHERE kind=? AND ns=? AND name=? ";
  Result<std::vector<SqlRow>> const rows =
      database_->query(sql + "ORDER BY last_seen, id", about ? values_of(*about) : std::vector<SqlValue>());
  if (!rows) return rows.error();
  std::vector<StoredEvent> events;
  for (SqlRow const& row : *rows) {
    events.push_back({.event = {.about = {text_of(row[0]), text_of(row[1]), text_of(row[2])},
                                .warning = integer_of(row[3]) != 0,
                                .reason = text_of(row[4]),
                                .message = text_of(row[5])},
                      .first_seen = time_of(row[6]),
                      .last_seen = time_of(row[7]),
                      .count = static_cast<int>(integer_of(row[8]))});
  }
  return events;
}

Result<Done> StateFile::forget_events_of_gone_objects(WallTime last_seen_before) {
  return database_->run(
      "DELETE FROM events WHERE last_seen < ? AND NOT EXISTS (SELECT 1 FROM objects WHERE "
      "objects.kind=events.kind AND objects.ns=events.ns AND objects.name=events.name)",
      {number_of(last_seen_before)});
}

Result<Done> StateFile::ask_deletion(DeletionRequest const& request) {
  std::vector<SqlValue> values = values_of(request.key);
  values.emplace_back(number_of(request.at));
  return database_->run("INSERT OR IGNORE INTO deletion_requests VALUES (?,?,?,?)", values);
}

Result<std::vector<DeletionRequest>> StateFile::deletion_requests() {
  Result<std::vector<SqlRow>> const rows =
      database_->query("SELECT kind, ns, name, at FROM deletion_requests ORDER BY at, kind, ns, name");
  if (!rows) return rows.error();
  std::vector<DeletionRequest> requests;
  for (SqlRow const& row : *rows)
    requests.push_back({{text_of(row[0]), text_of(row[1]), text_of(row[2])}, time_of(row[3])});
  return requests;
}

Result<Done> StateFile::drop_deletion_request(ObjectKey const& key) {
  return database_->run("DELETE FROM deletion_requests WHERE kind=? AND ns=? AND name=?", values_of(key));
}

}  // namespace trainyard::directory
