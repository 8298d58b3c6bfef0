#include "controller/base/http.hpp"

#include <algorithm>
#include <charconv>

#include "controller/base/encoding.hpp"

namespace trainyard {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool same_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Space, control characters and bytes beyond ASCII have to be percent-encoded in a URL.
bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool token_character(char c) {
  bool const alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool host_character(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
}

bool valid_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return std::all_of(host.begin() + 1, host.end() - 1,
                       [](char c) { return host_character(c) || c == ':'; });
  return !host.empty() && std::all_of(host.begin(), host.end(), host_character);
}

/// A form-encoded word: '+' stands for a space, as every client library sends it.
std::string decode_word(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

/// Neither the query (signatures) nor user information (passwords) may be repeated.
Error bad_url(std::string_view text, std::string_view why) {
  std::string shown(text.substr(0, std::min(text.find_first_of("?#"), std::size_t{200})));
  if (shown.find('@') != std::string::npos || !printable_ascii(shown)) shown = "(not shown)";
  return Error{.kind = ErrorKind::Invalid,
               .reason = "InvalidUrl",
               .message = "address \"" + shown + "\": " + std::string(why) +
                          "; write it as https://host[:port]/path, percent-encoded"};
}

}  // namespace

std::optional<std::string> find_header(HttpHeaders const& headers, std::string_view name) {
  for (auto const& [key, value] : headers)
    if (same_without_case(key, name)) return value;
  return std::nullopt;
}

bool valid_header(std::string_view name, std::string_view value) {
  return !name.empty() && std::all_of(name.begin(), name.end(), token_character) &&
         std::none_of(value.begin(), value.end(), [](char c) {
           return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
         });
}

Result<Url> parse_url(std::string_view text) {
  if (!printable_ascii(text)) return bad_url(text, "it holds a character that must be percent-encoded");
  auto const scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad_url(text, "it has no scheme");
  Url url;
  url.scheme = lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https")
    return bad_url(text, "the scheme is neither http nor https");
  url.port = url.scheme == "https" ? 443 : 80;
  std::string_view const rest = text.substr(scheme_end + 3);
  if (rest.find('#') != std::string_view::npos) return bad_url(text, "it has a fragment");
  auto const authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view host = rest.substr(0, authority_end);
  if (host.find('@') != std::string_view::npos) return bad_url(text, "it holds a user name");
  auto const colon = host.rfind(':');
  if (colon != std::string_view::npos && host.back() != ']') {
    std::string_view const digits = host.substr(colon + 1);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || url.port < 1 || url.port > 65535)
      return bad_url(text, "the port is not a number from 1 to 65535");
    host = host.substr(0, colon);
  }
  if (!valid_host(host)) return bad_url(text, "the host is not a name or an address");
  url.host = lower(host);
  std::string_view const target = rest.substr(authority_end);
  auto const question = std::min(target.find('?'), target.size());
  url.path = question == 0 ? "/" : std::string(target.substr(0, question));
  if (question < target.size()) url.query = target.substr(question + 1);
  return url;
}

std::string Url::origin() const {
  bool const usual = port == (scheme == "https" ? 443 : 80);
  return scheme + "://" + host + (usual ? "" : ":" + std::to_string(port));
}

std::optional<std::string> Url::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    auto const end = std::min(rest.find('&'), rest.size());
    std::string_view const pair = rest.substr(0, end);
    auto const equals = std::min(pair.find('='), pair.size());
    if (same_without_case(decode_word(pair.substr(0, equals)), name))
      return decode_word(equals < pair.size() ? pair.substr(equals + 1) : std::string_view{});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

}  // namespace trainyard
