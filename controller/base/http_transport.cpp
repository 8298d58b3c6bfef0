#include "controller/base/http_transport.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include "controller/base/cpprest_call.hpp"
#include "controller/base/cpprest_lines.hpp"
#include "controller/base/http_outcome.hpp"
#include "controller/base/http_proxy.hpp"
#include "controller/base/tls_trust.hpp"

namespace trainyard {
namespace {

using namespace cpprest;

constexpr std::size_t kIdlePerOrigin = 32;                 // more than there are workers
constexpr Duration kLongestQuiet = std::chrono::years(1);  // or cpprestsdk's microseconds overflow

Error invalid(std::string reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
}

/// A Host of the caller's would also change the name that the certificate is checked for.
bool is_ours(std::string const& name) {
  for (char const* const ours : {"Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect"})
    if (find_header({{name, ""}}, ours)) return true;
  return false;
}

web::http::http_request to_cpprest(HttpRequest const& request, Url const& url) {
  web::http::http_request out(request.method);
  out.set_request_uri(web::uri(url.origin() + url.path + (url.query.empty() ? "" : "?" + url.query)));
  for (auto const& [name, value] : request.headers) out.headers().add(name, value);
  if (!find_header(request.headers, "User-Agent")) out.headers().add("User-Agent", "trainyard");
  if (asks_for_gzip(request)) out.headers().add("Accept-Encoding", "gzip");
  if (!request.body.empty())
    out.set_body(std::vector<std::uint8_t>(request.body.begin(), request.body.end()));
  return out;
}

class CpprestTransport final : public StreamingTransport {
 public:
  CpprestTransport(HttpTransportOptions options, Clock const& clock)
      : clock_(clock),
        proxies_{options.https_proxy, options.http_proxy, options.no_proxy},
        quiet_time_(options.quiet_time),
        trust_(TlsTrust::make({.system_roots = options.system_roots,
                               .system_file = prepare_http_process(),
                               .ca_pem = options.ca_pem,
                               .client_certificate_pem = options.client_certificate_pem,
                               .client_key_pem = options.client_key_pem,
                               .server_name = options.server_name,
                               .verify = options.verify})) {}

  ~CpprestTransport() override { outstanding_->wait_for_none(); }

  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    Result<Route> const route = find_route(request);
    if (!route) return route.error();
    for (bool sent_before = false;; sent_before = true) {
      if (ended(context, clock_)) return ended_error(context).while_doing(route->url.origin());
      Result<std::shared_ptr<Call>> const begun = begin(request, *route, Body::Whole, quiet_time_);
      if (!begun) return begun.error();
      Call& call = **begun;
      if (!call.wait(context)) return abandon(call, request, *route, ended_error(context));
      if (!call.out_of_step()) return conclude(call, request, *route, sent_before || call.reused());
    }
  }

  Result<HttpResponse> stream_lines(HttpRequest const& given,
                                    std::function<void(std::string line)> const& on_line, Duration quiet,
                                    Context const& context) override {
    HttpRequest request = given;
    if (!find_header(request.headers, "Accept-Encoding"))  // what is packed comes late
      request.headers.emplace_back("Accept-Encoding", "identity");
    Result<Route> const route = find_route(request);
    if (!route) return route.error();
    if (ended(context, clock_)) return ended_error(context).while_doing(route->url.origin());
    quiet = std::min(quiet, kLongestQuiet);
    // Longer than `quiet`, which is watched here: a caller who is slow with a line does not wait meanwhile.
    Result<std::shared_ptr<Call>> const begun = begin(request, *route, Body::Stream, quiet + quiet_time_);
    if (!begun) return begun.error();
    Call& call = **begun;
    LineLimits const limits{request.max_response, std::min(quiet, quiet_time_), quiet};
    Result<std::string> body = std::string();
    try {
      body = follow_lines(call, limits, on_line, clock_, context);
    } catch (...) {
      call.give_up();
      throw;
    }
    if (!body) return abandon(call, request, *route, body.error());
    call.outcome().body = std::move(*body);
    return conclude(call, request, *route, false);
  }

 private:
  struct Route {
    Url url;
    std::optional<HttpProxy> proxy;
  };

  Result<Route> find_route(HttpRequest const& request) const {
    Result<Url> url = parse_url(request.url);
    if (!url) return url.error();
    if (std::optional<Error> error = refuse(request, *url)) return *error;
    Result<std::optional<HttpProxy>> proxy = choose_proxy(proxies_, *url);
    if (!proxy) return proxy.error();
    return Route{std::move(*url), std::move(*proxy)};
  }

  std::optional<Error> refuse(HttpRequest const& request, Url const& url) const {
    for (auto const& [name, value] : request.headers)
      if (!valid_header(name, value) || is_ours(name))
        return invalid("InvalidHeader",
                       url.origin() + ": the header " + (valid_header(name, "") ? name : "given") +
                           " may not be sent: it holds a line end, or the transport sets it");
    if (!valid_header(request.method, ""))
      return invalid("InvalidMethod", url.origin() + ": the method is no word");
    if (url.host.front() == '[')
      return invalid("InvalidUrl", url.origin() + ": IPv6 addresses are not supported; use the host's name");
    if (url.path.starts_with("//"))
      return invalid("InvalidUrl", url.origin() + ": the path may not begin with //");
    if (url.scheme == "https" && !trust_) return trust_.error();
    return std::nullopt;
  }

  Result<std::shared_ptr<Call>> begin(HttpRequest const& request, Route const& route, Body body,
                                      Duration quiet_time) {
    try {
      Client client =
          body == Body::Whole && is_repeatable(request) ? take_idle(route) : new_client(route, quiet_time);
      auto const call = std::make_shared<Call>(std::move(client), outstanding_, body);
      call->start(to_cpprest(request, route.url), request.max_response);
      return call;
    } catch (std::exception const&) {  // cpprestsdk's web::uri, where it is stricter than we are
      return invalid("InvalidUrl",
                     route.url.origin() + ": the address holds a character that must be percent-encoded");
    }
  }

  Result<HttpResponse> abandon(Call& call, HttpRequest const& request, Route const& route, Error const& why) {
    bool const handshake_over = call.give_up();
    Error error = why.while_doing(route.url.origin());
    error.maybe_applied = !is_read(request.method) && (handshake_over || route.url.scheme == "http");
    return error;
  }

  Result<HttpResponse> conclude(Call& call, HttpRequest const& request, Route const& route,
                                bool maybe_sent_before) {
    HttpOutcome& outcome = call.outcome();
    outcome.bad_certificate = call.client().sight->tls.bad_certificate();
    bool const reusable = call.body() == Body::Whole && !find_header(outcome.headers, "Trailer");
    Result<HttpResponse> response = to_response(std::move(outcome), request, route.url.origin());
    if (response && reusable) give_back(route.url.origin(), std::move(call.client()));
    if (response || !maybe_sent_before || is_read(request.method)) return response;
    Error error = response.error();
    error.maybe_applied = true;
    return error;
  }

  Client new_client(Route const& route, Duration quiet_time) const {
    return make_client(route.url, route.proxy, trust_ ? *trust_ : nullptr, quiet_time);
  }

  Client take_idle(Route const& route) {
    {
      std::lock_guard const lock(mutex_);
      auto& idle = idle_[route.url.origin()];
      if (!idle.empty()) {
        Client client = std::move(idle.back());
        idle.pop_back();
        return client;
      }
    }
    return new_client(route, quiet_time_);
  }

  void give_back(std::string const& origin, Client client) {
    std::lock_guard const lock(mutex_);
    auto& idle = idle_[origin];
    client.used = true;
    if (idle.size() < kIdlePerOrigin) idle.push_back(std::move(client));
  }

  Clock const& clock_;
  HttpProxySettings proxies_;
  Duration quiet_time_;
  Result<std::shared_ptr<TlsTrust const>> trust_;
  std::shared_ptr<Outstanding> outstanding_ = std::make_shared<Outstanding>();
  std::mutex mutex_;
  std::map<std::string, std::vector<Client>> idle_;  // by origin; guarded by mutex_
};

}  // namespace

std::string prepare_http_process() {
  static std::string const before = [] {
    char const* const file = std::getenv("SSL_CERT_FILE");
    std::string const value = file == nullptr ? "" : file;
    setenv("SSL_CERT_FILE", "/dev/null", 1);  // or the system's bundle is parsed anew for each connection
    OPENSSL_init_ssl(0, nullptr);  // before the pool, so that its clean-up at exit comes after the pool's end
    crossplat::threadpool::initialize_with_threads(1);
    return value;
  }();
  return before;
}

std::unique_ptr<StreamingTransport> make_http_transport(HttpTransportOptions options, Clock const& clock) {
  prepare_http_process();
  return std::make_unique<CpprestTransport>(std::move(options), clock);
}

}  // namespace trainyard
