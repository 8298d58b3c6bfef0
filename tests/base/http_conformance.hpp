// What every HttpTransport must do, as a table: a server's script and what the caller must see.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/http.hpp"
#include "controller/base/http_transport.hpp"
#include "tests/base/scripted_server.hpp"

namespace trainyard::test {

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<StreamingTransport>(HttpTransportOptions, Clock const&)> make;
};
std::vector<Implementation> const& implementations();

struct ConformanceCase {
  std::string name;
  /// Answers the request under test; true if the connection goes on.
  std::function<bool(Connection&)> play;
  int status = 200;  // 0: an error, with this kind and reason
  std::string body = {};
  ErrorKind kind = ErrorKind::Transient;
  std::vector<std::string> reasons = {};
  std::string method = "GET";
  bool warm = false;  // the connection has carried a request before
  int sent = 1;       // how often the server sees the request
  bool maybe_applied = false;
  bool only_tls = false;  // where the bound comes from counting TLS records
  std::size_t max_response = std::size_t{1} << 20U;
  Duration deadline = std::chrono::seconds(20);
  Duration quiet_time = std::chrono::seconds(10);
};
std::ostream& operator<<(std::ostream& out, ConformanceCase const& c);

std::vector<ConformanceCase> conformance_cases();

/// A whole answer with a length.
std::string answer(std::string const& body, std::string const& more_headers = "",
                   std::string const& status = "200 OK");

std::string head(std::string const& headers);  // of a 200
std::string chunked(std::string const& body, std::string const& more = "");

// Plays, see ConformanceCase::play.
/// Says `bytes` and keeps the connection, or closes it.
std::function<bool(Connection&)> says(std::string bytes, bool goes_on = true);
/// Says the bytes and then leaves without TLS's goodbye, as a crash does.
std::function<bool(Connection&)> cut_after(std::string bytes);
/// Says nothing until the client leaves.
bool silence(Connection& c);

}  // namespace trainyard::test
