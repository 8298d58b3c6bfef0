#include "controller/directory/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include "controller/directory/files.hpp"

namespace trainyard::directory {

namespace {

constexpr int kBusyMilliseconds = 5000;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

int bind(sqlite3_stmt* statement, int at, SqlValue const& value) {
  if (auto const* integer = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, at, *integer);
  if (auto const* text = std::get_if<std::string>(&value))
    return sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return sqlite3_bind_null(statement, at);
}

SqlRow row_of(sqlite3_stmt* statement) {
  SqlRow row;
  int const columns = sqlite3_column_count(statement);
  row.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        row.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(statement, i)));
        break;
      case SQLITE_NULL:
        row.emplace_back(nullptr);
        break;
      default: {
        void const* bytes = sqlite3_column_blob(statement, i);
        auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        row.emplace_back(size == 0 ? std::string() : std::string(static_cast<char const*>(bytes), size));
      }
    }
  }
  return row;
}

}  // namespace

std::int64_t integer_of(SqlValue const& value) {
  auto const* integer = std::get_if<std::int64_t>(&value);
  return integer == nullptr ? 0 : *integer;
}

std::string const& text_of(SqlValue const& value) {
  static std::string const kNone;
  auto const* text = std::get_if<std::string>(&value);
  return text == nullptr ? kNone : *text;
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Error Database::error_of(int code) const {
  std::string const file = "state file " + path_.string();
  std::string const words = connection_ ? sqlite3_errmsg(connection_.get()) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {.kind = ErrorKind::Transient,
              .reason = "StateDiskFull",
              .message = file + " cannot be written: the disk is full; free space there, nothing was lost"};
    case SQLITE_IOERR:
      return {.kind = ErrorKind::Transient,
              .reason = "StateDiskError",
              .message = file + " cannot be read or written (" + words +
                         "): is the disk full or failing? What was written before is not lost"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {.kind = ErrorKind::Transient,
              .reason = "StateBusy",
              .message = file + " was kept busy by another process for more than 5 s; try again"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {.kind = ErrorKind::Invalid,
              .reason = "StateDamaged",
              .message = file + " is damaged or no state file (" + words +
                         "): restore a copy of it, or move it away and start anew from the manifests"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return {
          .kind = ErrorKind::Forbidden,
          .reason = "StateNotWritable",
          .message = file + " cannot be opened or written (" + words + "): check who owns it and its folder"};
    default:
      return {.kind = ErrorKind::Internal, .reason = "StateError", .message = file + ": " + words};
  }
}

Result<std::unique_ptr<Database>> Database::open(std::filesystem::path const& path, Mode mode) {
  if (mode == Mode::Create) {
    // SQLite gives its log and shared memory the rights of this file.
    Result<Fd> const made = open_file(path, O_RDWR | O_CREAT, 0600);
    if (!made) return made.error();
  } else if (Result<FileIdentity> const there = look_at(path); !there) {
    return there.error();
  }
  std::unique_ptr<Database> database(new Database(path));
  sqlite3* connection = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  database->connection_.reset(connection);
  if (code != SQLITE_OK) return database->error_of(code);
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyMilliseconds);
  // Few pages are kept: what is read often is in memory as objects.
  for (char const* setting :
       {"PRAGMA synchronous=FULL", "PRAGMA trusted_schema=OFF", "PRAGMA cache_size=-256"})
    if (Result<Done> set = database->run(setting); !set) return set.error();
  return database;
}

Result<std::vector<SqlRow>> Database::query(std::string_view sql, std::vector<SqlValue> const& values) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  std::unique_ptr<sqlite3_stmt, Finalize> const statement(raw);
  if (code != SQLITE_OK) return error_of(code);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (code = bind(raw, static_cast<int>(i) + 1, values[i]); code != SQLITE_OK) return error_of(code);
  std::vector<SqlRow> rows;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) rows.push_back(row_of(raw));
  if (code != SQLITE_DONE) return error_of(code);
  return rows;
}

Result<Done> Database::run(std::string_view sql, std::vector<SqlValue> const& values) {
  Result<std::vector<SqlRow>> const rows = query(sql, values);
  if (!rows) return rows.error();
  return Done{};
}

Result<Done> Database::transaction(std::function<Result<Done>()> const& body, Kept kept) {
  if (kept == Kept::Written) {  // of a log, NORMAL syncs checkpoints alone
    if (Result<Done> const set = run("PRAGMA synchronous=NORMAL"); !set) return set;
    Result<Done> const result = transaction(body);
    if (Result<Done> const set = run("PRAGMA synchronous=FULL"); !set) return set;
    return result;
  }
  if (Result<Done> begun = run("BEGIN IMMEDIATE"); !begun) return begun;
  Result<Done> result = body();
  if (result) result = run("COMMIT");
  // After some errors SQLite has rolled back by itself.
  if (!result && sqlite3_get_autocommit(connection_.get()) == 0) {
    if (Result<Done> const undone = run("ROLLBACK"); !undone) return undone.error();
  }
  return result;
}

}  // namespace trainyard::directory
