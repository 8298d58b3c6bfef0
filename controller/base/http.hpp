// One HTTP exchange as values, and the seam to whatever sends it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first header of that name (compared without case).
std::optional<std::string> find_header(HttpHeaders const& headers, std::string_view name);

/// Whether the pair may go on the wire: a token, and a value without line ends (they would inject headers).
bool valid_header(std::string_view name, std::string_view value);

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, http or https, percent-encoded
  HttpHeaders headers = {};
  std::string body = {};
  std::size_t max_response = std::size_t{16} << 20U;  // bytes of body; more is an error
  bool repeatable = false;  // a write that does no harm if the transport should send it twice
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};

  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    return find_header(headers, name);
  }
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

struct HttpTransport {
  virtual ~HttpTransport() = default;
  /// Sends once, never retries. Any HTTP status is a value; an Error means that no whole answer came, and
  /// `maybe_applied` whether the request may have landed all the same. Safe to call from any thread.
  virtual Result<HttpResponse> send(HttpRequest const& request, Context const& context) = 0;
};

struct StreamingTransport : HttpTransport {
  /// As send(), but the body of a 2xx answer is handed to `on_line` line by line, without line ends, on the
  /// calling thread, while it comes. Returns after the last line, with an empty body; any other answer is
  /// returned whole. `quiet` is the longest wait for the next line; it ends as an Error "Timeout"
  /// (Transient). request.max_response bounds one line, and the body of another answer.
  virtual Result<HttpResponse> stream_lines(HttpRequest const& request,
                                            std::function<void(std::string line)> const& on_line,
                                            Duration quiet, Context const& context) = 0;
};

struct Url {
  std::string scheme, host;                  // lower case; an IPv6 address keeps its brackets
  int port = 0;                              // filled in from the scheme
  std::string path;                          // begins with '/', still encoded
  std::string query;                         // without '?', still encoded
  [[nodiscard]] std::string origin() const;  // https://host[:port]
  /// The decoded value of a query parameter (name compared without case).
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};
Result<Url> parse_url(std::string_view text);

}  // namespace trainyard
