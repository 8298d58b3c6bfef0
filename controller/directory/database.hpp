// SQLite behind a handful of calls; its header stays in database.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "controller/base/result.hpp"

struct sqlite3;

namespace trainyard::directory {

using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string>;
using SqlRow = std::vector<SqlValue>;
// The value, or 0 or "" if the column holds something else.
std::int64_t integer_of(SqlValue const& value);
std::string const& text_of(SqlValue const& value);

/// What a commit waits for. Synced: after it nothing is lost. Written: a power cut may lose it, a kill does
/// not.
enum class Kept { Synced, Written };

/// One connection; one thread at a time. An error of the disk leaves the file as it was before the
/// transaction.
class Database {
 public:
  enum class Mode { Create, Existing };
  /// A new file is for its owner only.
  static Result<std::unique_ptr<Database>> open(std::filesystem::path const& path, Mode mode);

  /// One statement, its values in place of the question marks; the rows it brings.
  Result<std::vector<SqlRow>> query(std::string_view sql, std::vector<SqlValue> const& values = {});
  Result<Done> run(std::string_view sql, std::vector<SqlValue> const& values = {});
  /// All that `body` writes, or nothing.
  Result<Done> transaction(std::function<Result<Done>()> const& body, Kept kept = Kept::Synced);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] Error error_of(int code) const;

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace trainyard::directory
