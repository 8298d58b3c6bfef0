// /metrics, /healthz and /readyz.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/base/http_server.hpp"

namespace trainyard::cli {

struct HealthAddress {
  std::string host;
  int port = 0;
};
/// "127.0.0.1:9090", "[::1]:9090", ":9090" (all addresses). Errors name the flag, the value and the remedy.
Result<HealthAddress> parse_address(std::string const& text);

/// `metrics` gives the page's text; both are called from the server's threads.
Result<std::unique_ptr<HttpServer>> serve_health(HealthAddress const& address,
                                                 std::function<std::string()> metrics,
                                                 std::function<bool()> ready);

}  // namespace trainyard::cli
