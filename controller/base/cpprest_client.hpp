// One client of cpprestsdk and its connections, set up by the rules of docs/architecture.md.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#define _TURN_OFF_PLATFORM_STRING  // its macro U breaks Boost's headers
#include <cpprest/http_client.h>

#include "controller/base/http.hpp"
#include "controller/base/http_proxy.hpp"
#include "controller/base/tls_trust.hpp"

namespace trainyard::cpprest {

/// What the callbacks of one client see; they keep it alive.
struct Sight {
  TlsWatch tls;
  std::atomic<bool> stale = false;  // the idle connection was closed, or held bytes that nobody asked for
};

struct Client {
  std::shared_ptr<Sight> sight;
  std::unique_ptr<web::http::client::http_client> http;
  bool used = false;  // its connection may have carried a call before
};

/// `quiet_time` is the longest silence within one step of an exchange. Throws where cpprestsdk's URIs are
/// stricter than ours.
Client make_client(Url const& url, std::optional<HttpProxy> const& proxy,
                   std::shared_ptr<TlsTrust const> const& trust, Duration quiet_time);

}  // namespace trainyard::cpprest
