// HttpTransport on cpprestsdk, the only file pair of ours that knows it. docs/architecture.md lists the rules it obeys.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/base/http.hpp"

namespace trainyard {

struct HttpTransportOptions {
  std::string ca_pem;            // trusted roots by PEM text, beside the system's when system_roots is set
  bool system_roots = true;
  std::string https_proxy, http_proxy, no_proxy;  // as the environment variables of those names
  Duration quiet_time = std::chrono::seconds(30); // longest silence within one exchange
};

/// Call once at the start of main, before any thread: OpenSSL before the I/O thread, one I/O thread, SSL_CERT_FILE.
/// Returns the value SSL_CERT_FILE had ("" if none), which children should get back.
std::string prepare_http_process();

std::unique_ptr<HttpTransport> make_http_transport(HttpTransportOptions options);

}  // namespace trainyard
