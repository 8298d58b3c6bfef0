// Which proxy a request goes through, from settings in the form of HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
#pragma once

#include <optional>
#include <string>

#include "controller/base/http.hpp"

namespace trainyard {

struct HttpProxy {
  std::string host;
  int port = 0;
  std::string user, password;  // empty: none
};

struct HttpProxySettings {
  std::string https_proxy, http_proxy;  // http://[user:password@]host[:port], or host[:port]; empty: none
  std::string no_proxy;                 // names (with all below them), addresses, a.b.c.d/n, name:port, or *
};

/// None for a direct connection. The machine itself (localhost, 127.0.0.0/8, ::1) never goes through a proxy.
/// Invalid if the setting that applies cannot be used.
Result<std::optional<HttpProxy>> choose_proxy(HttpProxySettings const& settings, Url const& url);

}  // namespace trainyard
