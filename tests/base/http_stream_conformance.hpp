// What every StreamingTransport must do, as a table: a server's script and what the caller must see.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "controller/base/http.hpp"
#include "tests/base/scripted_server.hpp"

namespace trainyard::test {

struct StreamCase {
  std::string name;
  std::function<bool(Connection&)> play;  // answers the stream's request; true if the connection goes on
  std::vector<std::string> lines = {};    // all that come, before the error too
  int status = 200;                       // 0: an error, with this kind and reason
  std::string body = {};
  ErrorKind kind = ErrorKind::Transient;
  std::string reason = {};
  bool only_tls = false;  // where the bound comes from counting TLS records
  std::size_t max_response = std::size_t{1} << 20U;
  Duration quiet = std::chrono::seconds(20);
  Duration deadline = std::chrono::seconds(20);
  Duration quiet_time = std::chrono::seconds(10);  // the transport's
};
std::ostream& operator<<(std::ostream& out, StreamCase const& c);

std::vector<StreamCase> stream_cases();

std::string chunk(std::string const& bytes);
inline char const* const kLastChunk = "0\r\n\r\n";

}  // namespace trainyard::test
