#include "controller/base/http_proxy.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <arpa/inet.h>

#include "controller/base/encoding.hpp"

namespace trainyard {
namespace {

std::optional<std::uint32_t> ipv4(std::string const& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_loopback(std::string const& host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  auto const address = ipv4(host);
  return address && (*address >> 24U) == 127;
}

/// a.b.c.d/n
bool in_network(std::string const& host, std::string const& entry) {
  auto const slash = entry.find('/');
  if (slash == std::string::npos) return false;
  auto const address = ipv4(host);
  auto const network = ipv4(entry.substr(0, slash));
  auto const bits = number(std::string_view(entry).substr(slash + 1));
  if (!address || !network || !bits || *bits < 0 || *bits > 32) return false;
  return *bits == 0 || ((*address ^ *network) >> static_cast<unsigned>(32 - *bits)) == 0;
}

/// "example.org", ".example.org" and "*.example.org" all cover the name itself and what is below it.
bool covers(std::string entry, Url const& url) {
  if (entry == "*" || in_network(url.host, entry)) return true;
  auto const colon = entry.rfind(':');
  if (colon != std::string::npos && entry.back() != ']') {
    if (number(std::string_view(entry).substr(colon + 1)) != url.port) return false;
    entry.resize(colon);
  }
  if (entry.starts_with("*")) entry.erase(0, 1);
  if (entry.starts_with(".")) entry.erase(0, 1);
  if (entry.empty()) return false;
  return url.host == entry || url.host.ends_with("." + entry);
}

bool excluded(std::string const& no_proxy, Url const& url) {
  std::string entry;
  auto const take = [&] {
    bool const hit = !entry.empty() && covers(entry, url);
    entry.clear();
    return hit;
  };
  for (char const c : no_proxy) {
    if (c != ',' && c != ' ')
      entry += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    else if (take())
      return true;
  }
  return take();
}

/// The setting may hold a password, so it is never repeated.
Error bad_proxy(std::string const& setting, std::string const& why) {
  return {.kind = ErrorKind::Invalid,
          .reason = "InvalidProxy",
          .message = setting + ": " + why + "; write it as http://[user:password@]host[:port]"};
}

}  // namespace

Result<std::optional<HttpProxy>> choose_proxy(HttpProxySettings const& settings, Url const& url) {
  bool const https = url.scheme == "https";
  std::string const setting = https ? "HTTPS_PROXY" : "HTTP_PROXY";
  std::string text = https ? settings.https_proxy : settings.http_proxy;
  if (text.empty() || is_loopback(url.host) || excluded(settings.no_proxy, url))
    return std::optional<HttpProxy>{};
  if (text.find("://") == std::string::npos) text.insert(0, "http://");

  HttpProxy proxy;
  auto const begin = text.find("://") + 3;
  auto const end = std::min(text.find('/', begin), text.size());
  auto const at = text.substr(0, end).rfind('@');
  if (at != std::string::npos && at >= begin) {
    std::string const user_info = text.substr(begin, at - begin);
    auto const colon = std::min(user_info.find(':'), user_info.size());
    proxy.user = percent_decode(user_info.substr(0, colon));
    if (colon < user_info.size()) proxy.password = percent_decode(user_info.substr(colon + 1));
    text.erase(begin, at + 1 - begin);
  }
  Result<Url> const address = parse_url(text);
  if (!address) return bad_proxy(setting, "the address cannot be read");
  if (address->scheme != "http")
    return bad_proxy(setting, "only proxies that are spoken to in plain HTTP are supported");
  proxy.host = address->host;
  proxy.port = address->port;
  return std::optional<HttpProxy>(std::move(proxy));
}

}  // namespace trainyard
