#include "controller/base/http_outcome.hpp"

#include <algorithm>
#include <cerrno>

#include "controller/base/gzip.hpp"
#include "controller/base/tls_trust.hpp"

namespace trainyard {
namespace {

constexpr std::size_t kMaxHead = std::size_t{256} << 10U;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The phases before the first byte of the request, told by cpprestsdk in its text only.
enum class Phase { Proxy, Resolve, Connect, Handshake, Exchange };

Phase phase_of(std::string_view what) {
  if (contains(what, "proxy")) return Phase::Proxy;
  if (contains(what, "Error resolving") || contains(what, "Failed to resolve")) return Phase::Resolve;
  if (contains(what, "Failed to connect to any")) return Phase::Connect;
  if (contains(what, "SSL handshake")) return Phase::Handshake;
  return Phase::Exchange;
}

/// Its codes are not to be trusted either (refused becomes "no route"), save the time-out and OpenSSL's.
Error explain_phase(HttpOutcome const& outcome, Phase phase) {
  switch (phase) {
    case Phase::Proxy:
      return network_error("ProxyFailed", "the proxy does not connect us; check HTTPS_PROXY and NO_PROXY");
    case Phase::Resolve:
      return network_error("HostNotFound", "DNS does not know the host's name");
    case Phase::Connect:
      return network_error("ConnectionFailed", "no connection could be made");
    case Phase::Handshake: {
      std::string const reason = tls_reason(static_cast<unsigned>(outcome.code));
      return network_error("TlsHandshakeFailed",
                           "the TLS handshake failed" + (reason.empty() ? reason : ": " + reason));
    }
    case Phase::Exchange:
      break;
  }
  if (outcome.malformed_start() || contains(outcome.what, "Invalid chunked"))
    return network_error("MalformedAnswer", "the answer is not HTTP");
  return network_error("ConnectionLost", "the connection broke before the whole answer came");
}

Error explain(HttpOutcome const& outcome) {
  Phase const phase = phase_of(outcome.what);
  Error error = explain_phase(outcome, phase);
  if (phase == Phase::Handshake && !outcome.bad_certificate.empty())
    error = network_error("CertificateNotTrusted",
                          "the server's certificate is refused: " + outcome.bad_certificate);
  else if (outcome.code == ETIMEDOUT)
    error = network_error("Timeout", "no sign of life for too long");
  error.maybe_applied = phase == Phase::Exchange;
  return error;
}

/// cpprestsdk believes whatever it reads: a length that is no number is 0 to it.
bool well_formed(HttpOutcome const& outcome) {
  std::string const length = find_header(outcome.headers, "Content-Length").value_or("0");
  bool const digits = !length.empty() &&
                      std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && outcome.status >= 200 && outcome.status <= 999;
}

std::size_t head_size(HttpHeaders const& headers) {
  std::size_t size = 0;
  for (auto const& [name, value] : headers) size += name.size() + value.size();
  return size;
}

/// Not cpprestsdk's way: it unpacks without limit, and on the I/O thread.
Result<Done> unpack(HttpResponse& response, std::size_t max_bytes) {
  Result<std::string> body = gunzip(response.body, max_bytes);
  if (!body)
    return body.error().reason == "TooLarge" ? too_large(max_bytes)
                                             : network_error("MalformedAnswer", body.error().message);
  response.body = std::move(*body);
  std::erase_if(response.headers, [](auto const& header) {
    return find_header({header}, "Content-Encoding") || find_header({header}, "Content-Length");
  });
  return Done{};
}

Result<HttpResponse> judge(HttpOutcome outcome, HttpRequest const& request) {
  if (outcome.too_large) return too_large(request.max_response);
  if (!well_formed(outcome))
    return network_error("MalformedAnswer", "the answer is not HTTP as it should be");
  if (head_size(outcome.headers) > kMaxHead)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "ResponseTooLarge",
                 .message = "the answer's head is too large"};
  HttpResponse response{outcome.status, std::move(outcome.headers), std::move(outcome.body)};
  if (asks_for_gzip(request) && response.header("Content-Encoding") == "gzip" && !response.body.empty())
    if (Result<Done> const unpacked = unpack(response, request.max_response); !unpacked)
      return unpacked.error();
  return response;
}

}  // namespace

bool HttpOutcome::malformed_start() const { return failed && contains(what, "Invalid HTTP status line"); }

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

bool is_repeatable(HttpRequest const& request) { return request.repeatable || is_read(request.method); }

bool asks_for_gzip(HttpRequest const& request) {
  return !find_header(request.headers, "Accept-Encoding") && !find_header(request.headers, "Range");
}

Error network_error(std::string reason, std::string message) {
  return {.kind = ErrorKind::Transient, .reason = std::move(reason), .message = std::move(message)};
}

Error too_large(std::size_t max_bytes) {
  return {.kind = ErrorKind::Invalid,
          .reason = "ResponseTooLarge",
          .message = "the answer is larger than " + std::to_string(max_bytes) + " bytes"};
}

bool ended(Context const& context, Clock const& clock) {
  return context.stop.stop_requested() || clock.steady() >= context.deadline;
}

Error ended_error(Context const& context) {
  bool const stopped = context.stop.stop_requested();
  return {.kind = ErrorKind::Canceled,
          .reason = stopped ? "Stopped" : "DeadlineExceeded",
          .message = stopped ? "the request was stopped" : "no whole answer came in time"};
}

Result<HttpResponse> to_response(HttpOutcome outcome, HttpRequest const& request, std::string const& origin) {
  Error error;
  if (outcome.failed && !outcome.too_large) {
    error = explain(outcome);
  } else {
    Result<HttpResponse> response = judge(std::move(outcome), request);
    if (response) return response;
    error = response.error();
    error.maybe_applied = true;  // something answered
  }
  error.maybe_applied = error.maybe_applied && !is_read(request.method);
  return error.while_doing(origin);
}

}  // namespace trainyard
