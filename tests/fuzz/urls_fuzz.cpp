// Addresses of answers (nextLink, SAS, discoveryUrl) and of proxies, and which of them may go on the wire.
#include <algorithm>

#include "controller/base/http.hpp"
#include "controller/base/http_proxy.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

void urls(std::string_view input) {
  Result<Url> const url = parse_url(input);
  if (url) {
    std::string const text = url->origin() + url->path + (url->query.empty() ? "" : "?" + url->query);
    Result<Url> const again = parse_url(text);
    require(again.has_value(), "what an address is made of makes an address", text);
    require(again->scheme == url->scheme && again->host == url->host && again->port == url->port &&
                again->path == url->path && again->query == url->query,
            "the same address", text);
    require(url->path.starts_with('/') && url->port > 0 && !url->host.empty(), "an address is whole", text);
    for (std::string_view const name : {"sig", "api-version", "", "$skip"}) (void)url->parameter(name);
    require(valid_header("Host", url->host), "a host ends no header", url->host);
  } else {
    std::string const& message = url.error().message;
    require(std::none_of(message.begin(), message.end(), [](unsigned char c) { return c < ' '; }),
            "an error is one line", message);
  }

  Url const target{.scheme = "https", .host = "management.azure.com", .port = 443, .path = "/", .query = ""};
  std::string const text(input);
  if (Result<std::optional<HttpProxy>> const proxy = choose_proxy({.https_proxy = text}, target);
      proxy && *proxy)
    require(!(*proxy)->host.empty() && (*proxy)->port > 0, "a proxy has host and port", text);
  Result<std::optional<HttpProxy>> const excluded =
      choose_proxy({.https_proxy = "http://proxy:3128", .no_proxy = text}, target);
  require(excluded.has_value(), "no list of exceptions is an error", text);
}

}  // namespace trainyard::fuzz
