// What became of one exchange, as the client library told it, judged: pure, and the library's words stay
// inside.
#pragma once

#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"

namespace trainyard {

struct HttpOutcome {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};
  bool too_large = false;  // more than the request's max_response came
  bool failed = false;     // then code and what are cpprestsdk's
  int code = 0;            // errno's, or OpenSSL's during the handshake
  std::string what = {};
  std::string bad_certificate = {};  // why OpenSSL refused it, if it did

  /// Whether it failed because what came first was no status line.
  [[nodiscard]] bool malformed_start() const;
};

/// GET and HEAD.
bool is_read(std::string_view method);
/// Repeating it does no harm.
bool is_repeatable(HttpRequest const& request);

/// Whether the transport asks for gzip, and unpacks it, on its own account: unless the caller speaks of
/// encodings or wants a part of the body.
bool asks_for_gzip(HttpRequest const& request);

/// Transient; the origin is told by whoever knows it.
Error network_error(std::string reason, std::string message);
Error too_large(std::size_t max_bytes);

/// Whether the context lets nothing more be done, and how that is told.
bool ended(Context const& context, Clock const& clock);
Error ended_error(Context const& context);

/// The response unpacked, or the Error that says why there is none. `origin` is told to the user.
Result<HttpResponse> to_response(HttpOutcome outcome, HttpRequest const& request, std::string const& origin);

}  // namespace trainyard
