#include "tests/azsim/blobs_key.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kScheme = "SharedKey ", kOwnHeaders = "x-ms-";
constexpr Duration kSkew = std::chrono::minutes(15);
constexpr std::array kSigned{
    "Content-Encoding",  "Content-Language", "Content-Length", "Content-MD5",         "Content-Type", "Date",
    "If-Modified-Since", "If-Match",         "If-None-Match",  "If-Unmodified-Since", "Range"};

std::string standard_headers(HttpRequest const& request) {
  std::string text;
  for (char const* name : kSigned) {
    std::string const value = find_header(request.headers, name).value_or("");
    bool const empty_body = std::string_view(name) == "Content-Length" && value == "0";
    text += (empty_body ? "" : value) + "\n";
  }
  return text;
}

std::string own_headers(HttpRequest const& request) {
  std::map<std::string, std::string> lines;  // by what the service sorts by: the name without its hyphens
  for (auto const& [name, value] : request.headers) {
    std::string const known = lower(name);
    if (!known.starts_with(kOwnHeaders)) continue;
    std::string order = known;
    std::erase(order, '-');
    lines[order] = known + ":" + value + "\n";
  }
  std::string text;
  for (auto const& [order, line] : lines) text += line;
  return text;
}

std::string resource(Url const& url, std::string_view account) {
  std::vector<std::string> parameters;
  std::string_view rest = url.query;
  while (!rest.empty()) {
    std::string_view const item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    std::size_t const equals = std::min(item.find('='), item.size());
    parameters.push_back("\n" + lower(percent_decode(item.substr(0, equals))) + ":" +
                         percent_decode(item.substr(std::min(equals + 1, item.size()))));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string text = "/" + std::string(account) + url.path;
  for (std::string const& parameter : parameters) text += parameter;
  return text;
}

bool is_recent(HttpRequest const& request, WallTime now) {
  std::optional<std::string> told = find_header(request.headers, "x-ms-date");
  if (!told) told = find_header(request.headers, "Date");
  Result<WallTime> const date = parse_http_date(told.value_or(""));
  return date && *date > now - kSkew && *date < now + kSkew;
}

}  // namespace

std::string account_key(std::string_view account) {
  std::string const seed = "azsim storage account " + std::string(account);
  return sha256(seed) + sha256(seed + " again");
}

bool has_shared_key(HttpRequest const& request) {
  return find_header(request.headers, "Authorization").value_or("").starts_with(kScheme);
}

StorageVerdict check_shared_key(HttpRequest const& request, Url const& url, std::string_view account,
                                WallTime now) {
  std::string const text =
      request.method + "\n" + standard_headers(request) + own_headers(request) + resource(url, account);
  std::string const wanted =
      std::string(kScheme) + std::string(account) + ":" + base64(hmac_sha256(account_key(account), text));
  bool const same = find_header(request.headers, "Authorization").value_or("") == wanted;
  return same && is_recent(request, now) ? StorageVerdict{} : authentication_failed();
}

}  // namespace trainyard::azsim
