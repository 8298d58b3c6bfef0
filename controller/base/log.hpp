// Log lines are constant text with keys. Everything passes the scrubber, so no secret has a way in.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/json.hpp"

namespace trainyard {

/// Blots out what must not be seen: values it was told, and what looks like a secret (SAS signatures, JSON
/// Web Tokens, account keys, client_secret=..., Bearer ..., access tokens). Safe from any thread.
class Scrubber {
 public:
  /// Hidden as it is, and as JSON, an address, a form or base64 have it; each line of several too, since a
  /// log takes them apart. Not taken if shorter than 4 characters: it would blot out words.
  void add_secret(std::string_view value);
  [[nodiscard]] std::string scrub(std::string_view text) const;

 private:
  /// One may be the beginning of another.
  struct LongerFirst {
    bool operator()(std::string const& a, std::string const& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };
  void add_forms(std::string_view value);  // with mutex_ held

  mutable std::mutex mutex_;
  std::set<std::string, LongerFirst> secrets_;  // guarded by mutex_
};

enum class LogLevel { Debug, Info, Warning, Error };
enum class LogFormat { Text, Json };

struct LogField {
  std::string_view key;
  Json value;
};

/// Writes whole lines to one sink. Safe from any thread.
class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;  // line without its end
  Logger(Clock const& clock, Scrubber const& scrubber, LogFormat format, LogLevel least, Sink sink);
  void log(LogLevel level, std::string_view text, std::vector<LogField> const& fields) const;
  void debug(std::string_view text, std::vector<LogField> const& fields = {}) const {
    log(LogLevel::Debug, text, fields);
  }
  void info(std::string_view text, std::vector<LogField> const& fields = {}) const {
    log(LogLevel::Info, text, fields);
  }
  void warning(std::string_view text, std::vector<LogField> const& fields = {}) const {
    log(LogLevel::Warning, text, fields);
  }
  void error(std::string_view text, std::vector<LogField> const& fields = {}) const {
    log(LogLevel::Error, text, fields);
  }

 private:
  Clock const& clock_;
  Scrubber const& scrubber_;
  LogFormat format_;
  LogLevel least_;
  Sink sink_;
  mutable std::mutex mutex_;
};

}  // namespace trainyard
