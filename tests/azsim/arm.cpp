#include "tests/azsim/arm.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"

namespace trainyard::azsim {
namespace {

/// As time_text writes it, with the fraction filled up to seven digits: 2023-02-26T12:31:58.1230000
std::string without_zone(WallTime time) {
  std::string text = to_rfc3339(time);
  text.pop_back();  // 'Z'
  std::size_t const dot = text.find('.');
  if (dot == std::string::npos) text += '.';
  std::size_t const digits = dot == std::string::npos ? 0 : text.size() - dot - 1;
  text.append(7 - digits, '0');
  return text;
}

/// Text of that length that looks random and is the same for the same seed.
std::string filler(std::string_view seed, std::size_t length) {
  std::string text;
  while (text.size() < length) text += base64url(sha256(std::string(seed) + std::to_string(text.size())));
  text.resize(length);
  return text;
}

Json info(std::string_view type, Json value) {
  return Json::object({{"type", type}, {"info", Json::object({{"value", std::move(value)}})}});
}

Json inner_error(std::vector<std::string> const& codes) {
  Json inner;
  for (auto code = codes.rbegin(); code != codes.rend(); ++code)
    inner = Json::object({{"code", *code}, {"innerError", std::move(inner)}});
  return inner;
}

/// The call's address with another $skip.
std::string with_skip(Shared const& shared, Call const& call, std::size_t skip) {
  std::string query;
  std::string_view rest = call.url.query;
  while (!rest.empty()) {
    std::string_view const item = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    std::string const name = lower(percent_decode(item.substr(0, item.find('='))));
    if (name != "$skip") query += std::string(item) + "&";
  }
  return shared.options.base_url + call.url.path + "?" + query + "%24skip=" + std::to_string(skip);
}

bool well_formed_version(std::string_view version) {
  if (version.size() < 10 || (version.size() > 10 && version[10] != '-')) return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i == 4 || i == 7 ? version[i] != '-' : std::isdigit(static_cast<unsigned char>(version[i])) == 0)
      return false;
  return true;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string last_segment(std::string_view id) { return std::string(id.substr(id.rfind('/') + 1)); }

std::string seven_digits(WallTime time) { return without_zone(time) + "+00:00"; }
std::string seven_digits_z(WallTime time) { return without_zone(time) + "Z"; }

Workspace const& Shared::workspace(Call const& call) const {
  Workspace const* found = workspaces->find(call.name("rg"), call.name("ws"));
  check(found != nullptr, "a handler below a workspace is called only when it is there");
  return *found;
}

Json Shared::system_data(WallTime created, WallTime modified) const {
  return Json::object({{"createdAt", seven_digits(created)},
                       {"createdBy", options.client},
                       {"createdByType", "Application"},
                       {"lastModifiedAt", seven_digits(modified)},
                       {"lastModifiedBy", options.client},
                       {"lastModifiedByType", "Application"}});
}

std::string Shared::operation_address(std::string_view family, std::string_view id,
                                      std::string_view query) const {
  // t: ticks, c: certificate, s: signature, h: hash. Source: recordings of 2024.
  std::string const seed = std::string(family) + "/" + std::string(id);
  return options.base_url + "/subscriptions/" + options.subscription + "/providers/" +
         std::string(kProvider) + "/locations/" + options.location + "/" + seed + "?" + std::string(query) +
         "&t=" + std::to_string(now().time_since_epoch().count()) + "&c=" + filler("c" + seed, 2680) +
         "&s=" + filler("s" + seed, 342) + "&h=" + filler("h" + seed, 43);
}

std::string Shared::etag() const { return "W/\"" + guid() + "\""; }

HttpResponse json_reply(int status, Json const& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
          .body = body.dump()};
}

HttpResponse empty_reply(int status) { return {.status = status}; }

HttpResponse gateway_error(int status, std::string_view code, std::string_view message) {
  HttpResponse reply =
      json_reply(status, Json::object({{"error", Json::object({{"code", code}, {"message", message}})}}));
  reply.headers.emplace_back("x-ms-failure-cause", "gateway");
  return reply;
}

std::optional<HttpResponse> refuse_version(Call const& call) {
  if (call.api_version.empty())
    return gateway_error(400, "MissingApiVersionParameter",
                         "The api-version query parameter (?api-version=) is required for all requests.");
  if (!well_formed_version(call.api_version))
    return gateway_error(400, "InvalidApiVersionParameter",
                         "The api-version '" + call.api_version +
                             "' is invalid. The supported versions are '2024-04-01,2023-10-01,2023-04-01'.");
  return std::nullopt;
}

HttpResponse workspace_not_found(Call const& call) {
  return gateway_error(
      404, "ResourceNotFound",
      "The Resource '" + std::string(kProvider) + "/workspaces/" + call.name("ws") +
          "' under resource group '" + call.name("rg") +
          "' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
}

HttpResponse ml_error(Shared& shared, Call const& call, MlError const& error) {
  Json const correlation = Json::object({{"operation", hex(sha256(shared.guid())).substr(0, 32)},
                                         {"request", hex(sha256(shared.guid())).substr(0, 16)}});
  Json more = Json::array({info("ComponentName", error.component), info("Correlation", correlation),
                           info("Environment", shared.options.location),
                           info("Location", shared.options.location), info("Time", seven_digits(call.now))});
  if (!error.inner.empty()) more.push_back(info("InnerError", inner_error(error.inner)));
  for (auto const& [type, value] : error.more) more.push_back(info(type, value));
  Json body = Json::object({{"code", error.code}, {"message", error.message}});
  if (!error.target.empty()) body["target"] = error.target;
  body["details"] = error.details;
  body["additionalInfo"] = std::move(more);
  HttpResponse reply = json_reply(error.status, Json::object({{"error", std::move(body)}}));
  reply.headers.emplace_back("x-ms-response-type", "error");
  return reply;
}

std::size_t count_parameter(Call const& call, std::string_view name, std::size_t other) {
  std::string const text = call.url.parameter(name).value_or("");
  std::size_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : other;
}

Json page(Shared const& shared, Call const& call, Json::Array const& items, std::size_t page_size) {
  std::size_t first = count_parameter(call, "$skip", 0);
  first = std::min(first, items.size());
  std::size_t const end = std::min(items.size(), first + page_size);
  Json result = Json::object({{"value", Json::Array(items.begin() + static_cast<std::ptrdiff_t>(first),
                                                    items.begin() + static_cast<std::ptrdiff_t>(end))}});
  if (end < items.size()) result["nextLink"] = with_skip(shared, call, end);
  return result;
}

}  // namespace trainyard::azsim
