#include "controller/cli/health_server.hpp"

#include <charconv>

#include "controller/cli/folder.hpp"

namespace trainyard::cli {

namespace {

HttpResponse text_response(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
          .body = std::move(body)};
}

}  // namespace

Result<HealthAddress> parse_address(std::string const& text) {
  std::size_t const colon = text.rfind(':');
  std::string const port = colon == std::string::npos ? "" : text.substr(colon + 1);
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "0.0.0.0";
  int number = -1;
  auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number < 0 || number > 65535)
    return usage_error("--metrics-address: '" + text +
                       "' is no address; write ADDR:PORT, such as 127.0.0.1:9090");
  return HealthAddress{.host = host, .port = number};
}

Result<std::unique_ptr<HttpServer>> serve_health(HealthAddress const& address,
                                                 std::function<std::string()> metrics,
                                                 std::function<bool()> ready) {
  HttpServerOptions options{.address = address.host, .port = address.port, .max_body = 4096, .threads = 1};
  return HttpServer::start(
      options,
      [metrics = std::move(metrics), ready = std::move(ready)](HttpRequest const& request) -> ServerReply {
        if (request.method != "GET") return {.response = text_response(405, "only GET\n")};
        Result<Url> const url = parse_url(request.url);
        std::string const path = url ? url->path : "";
        if (path == "/metrics") return {.response = text_response(200, metrics())};
        if (path == "/healthz") return {.response = text_response(200, "ok\n")};
        if (path == "/readyz")
          return {.response = ready() ? text_response(200, "ok\n")
                                      : text_response(503, "the objects are not known yet\n")};
        return {.response = text_response(404, "there are /metrics, /healthz and /readyz\n")};
      });
}

}  // namespace trainyard::cli
