#include "controller/cli/transports.hpp"

#include <cstdlib>

namespace trainyard::cli {

namespace {

/// The lower-case form goes first, as with curl.
std::string environment(char const* lower, char const* upper) {
  for (char const* name : {lower, upper})
    if (char const* const value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "";
}

}  // namespace

HttpTransportOptions transport_options_from_environment() {
  HttpTransportOptions options;
  options.https_proxy = environment("https_proxy", "HTTPS_PROXY");
  options.http_proxy = environment("http_proxy", "HTTP_PROXY");
  options.no_proxy = environment("no_proxy", "NO_PROXY");
  return options;
}

HttpTransport& Transports::of(azure::Cloud const& cloud) {
  std::lock_guard lock(mutex_);
  Entry& entry = by_roots_[cloud.ca_pem];
  if (!entry.counting) {
    HttpTransportOptions options = options_;
    options.ca_pem = cloud.ca_pem;
    entry.http = make_http_transport(std::move(options), clock_);
    if (may_write_) entry.fence = std::make_unique<kube::FencedTransport>(*entry.http, may_write_);
    HttpTransport& next = entry.fence ? static_cast<HttpTransport&>(*entry.fence) : *entry.http;
    entry.counting = std::make_unique<CountingTransport>(next, activity_);
  }
  return *entry.counting;
}

}  // namespace trainyard::cli
