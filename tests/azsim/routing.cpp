#include "tests/azsim/routing.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"

namespace trainyard::azsim {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the '/'
    std::size_t const end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

bool is_placeholder(std::string_view segment) { return segment.starts_with('{'); }
bool takes_rest(std::string_view segment) { return segment.ends_with("...}"); }

std::string rest_of(std::vector<std::string> const& segments, std::size_t from) {
  std::string rest;
  for (std::size_t i = from; i < segments.size(); ++i) rest += (i == from ? "" : "/") + segments[i];
  return rest;
}

/// The names of the placeholders, or nothing if the path is another one.
std::optional<std::map<std::string, std::string>> match(std::vector<std::string> const& pattern,
                                                        std::vector<std::string> const& path) {
  bool const open = !pattern.empty() && takes_rest(pattern.back());
  if (open ? path.size() + 1 < pattern.size() : path.size() != pattern.size()) return std::nullopt;
  std::size_t const fixed = open ? pattern.size() - 1 : pattern.size();
  for (std::size_t i = 0; i < fixed; ++i)
    if (!is_placeholder(pattern[i]) && !same_name(pattern[i], path[i])) return std::nullopt;
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < fixed; ++i)
    if (is_placeholder(pattern[i]))
      names[pattern[i].substr(1, pattern[i].size() - 2)] = percent_decode(path[i]);
  if (open) names[pattern.back().substr(1, pattern.back().size() - 5)] = rest_of(path, fixed);
  return names;
}

/// One letter a segment, so that the order of texts is the order in which patterns are tried.
std::string rank(std::vector<std::string> const& segments) {
  std::string text;
  for (std::string const& segment : segments)
    text += takes_rest(segment) ? 'c' : is_placeholder(segment) ? 'b' : 'a';
  return text;
}

/// The path leads below this placeholder: what it names must be there.
bool is_parent(Operation const& operation, std::string const& placeholder) {
  std::string const in_pattern = "/{" + placeholder + "}";
  return operation.pattern.find(in_pattern + "/") != std::string::npos;
}

HttpResponse unauthorized(Shared const& shared, std::string_view code, std::string_view message) {
  HttpResponse reply =
      json_reply(401, Json::object({{"error", Json::object({{"code", code}, {"message", message}})}}));
  reply.headers.emplace_back("WWW-Authenticate",
                             "Bearer authorization_uri=\"" + authority_url(shared.options) + "/" +
                                 shared.options.tenant + "\", error=\"invalid_token\", error_description=\"" +
                                 std::string(message) + "\"");
  return reply;
}

std::optional<HttpResponse> check_bearer(Shared const& shared, Call const& call) {
  constexpr std::string_view kScheme = "Bearer ";
  std::optional<std::string> const header = find_header(call.request.headers, "Authorization");
  if (!header)
    return unauthorized(shared, "AuthenticationFailed",
                        "Authentication failed. The 'Authorization' header is missing.");
  if (header->size() < kScheme.size() || !same_name(header->substr(0, kScheme.size()), kScheme))
    return unauthorized(
        shared, "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is provided in an invalid format.");
  switch (check_token(shared, header->substr(kScheme.size()))) {
    case TokenState::Good:
      return std::nullopt;
    case TokenState::Malformed:
      return unauthorized(shared, "InvalidAuthenticationToken", "The access token is invalid.");
    case TokenState::Expired:
      break;
  }
  return unauthorized(
      shared, "ExpiredAuthenticationToken",
      "The access token expiry UTC time is earlier than current UTC time '" + to_rfc3339(call.now) + "'.");
}

std::optional<HttpResponse> check_parents(Shared const& shared, Operation const& operation,
                                          Call const& call) {
  auto const sub = call.names.find("sub");
  if (sub == call.names.end()) return std::nullopt;
  if (!same_name(sub->second, shared.options.subscription))
    return gateway_error(404, "SubscriptionNotFound",
                         "The subscription '" + sub->second + "' could not be found.");
  if (is_parent(operation, "rg") && !shared.groups->has(call.name("rg")))
    return gateway_error(404, "ResourceGroupNotFound",
                         "Resource group '" + call.name("rg") + "' could not be found.");
  if (is_parent(operation, "ws") && shared.workspaces->find(call.name("rg"), call.name("ws")) == nullptr)
    return workspace_not_found(call);
  return std::nullopt;
}

}  // namespace

Router::Router(std::vector<Operation> operations) {
  for (Operation& operation : operations) {
    std::vector<std::string> segments = split(operation.pattern);
    compiled_.push_back({.segments = std::move(segments), .operation = std::move(operation)});
  }
  std::stable_sort(compiled_.begin(), compiled_.end(),
                   [](Compiled const& a, Compiled const& b) { return rank(a.segments) < rank(b.segments); });
}

std::optional<Route> Router::find(std::string_view method, std::string_view path) const {
  std::vector<std::string> const segments = split(path);
  for (Compiled const& candidate : compiled_) {
    if (candidate.operation.method != method) continue;
    if (std::optional<std::map<std::string, std::string>> names = match(candidate.segments, segments))
      return Route{.operation = &candidate.operation, .names = std::move(*names)};
  }
  return std::nullopt;
}

bool Router::serves(std::string_view path) const {
  std::vector<std::string> const segments = split(path);
  return std::any_of(compiled_.begin(), compiled_.end(), [&](Compiled const& candidate) {
    return match(candidate.segments, segments).has_value();
  });
}

std::vector<Served> Router::served() const {
  std::vector<Served> all;
  for (Compiled const& candidate : compiled_)
    all.push_back({candidate.operation.name, candidate.operation.method, candidate.operation.pattern});
  std::stable_sort(all.begin(), all.end(), [](Served const& a, Served const& b) { return a.name < b.name; });
  return all;
}

std::optional<HttpResponse> refuse(Shared const& shared, Operation const& operation, Call const& call) {
  bool const arm = operation.door == Operation::Door::Arm;
  if (!arm && operation.door != Operation::Door::DataPlane) return std::nullopt;
  if (std::optional<HttpResponse> refused = check_bearer(shared, call)) return refused;
  if (arm)
    if (std::optional<HttpResponse> refused = refuse_version(call)) return refused;
  return check_parents(shared, operation, call);
}

HttpResponse not_served(bool other_methods, Call const& call) {
  if (other_methods)
    return gateway_error(
        405, "MethodNotAllowed",
        "The requested resource does not support http method '" + call.request.method + "'.");
  return gateway_error(404, "InvalidResourceType",
                       "The resource type could not be found in the namespace of '" + call.url.path +
                           "' for api version '" + call.api_version + "'.");
}

void add_front_headers(Shared const& shared, Operation const& operation, Call const& call,
                       HttpResponse& reply) {
  HttpHeaders& headers = reply.headers;
  headers.emplace_back("Date", to_http_date(call.now));
  if (operation.door != Operation::Door::Arm && operation.door != Operation::Door::DataPlane) return;
  std::string const request = shared.guid();
  if (operation.door == Operation::Door::Arm) {
    std::string const time = to_rfc3339(std::chrono::floor<std::chrono::seconds>(call.now));
    std::string compact;
    std::copy_if(time.begin(), time.end(), std::back_inserter(compact),
                 [](char c) { return c != '-' && c != ':'; });
    std::string region = shared.options.location;
    std::transform(region.begin(), region.end(), region.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    headers.emplace_back("Cache-Control", "no-cache");
    headers.emplace_back("Pragma", "no-cache");
    headers.emplace_back("Expires", "-1");
    headers.emplace_back("x-ms-correlation-request-id", request);
    headers.emplace_back("x-ms-routing-request-id", region + ":" + compact + ":" + request);
    headers.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    headers.emplace_back("X-Content-Type-Options", "nosniff");
  }
  if (!reply.header("x-ms-request-id")) headers.emplace_back("x-ms-request-id", request);
  std::optional<std::string> const client = find_header(call.request.headers, "x-ms-client-request-id");
  std::optional<std::string> const wanted =
      find_header(call.request.headers, "x-ms-return-client-request-id");
  if (client && wanted && same_name(*wanted, "true")) headers.emplace_back("x-ms-client-request-id", *client);
  if (reply.header("x-ms-failure-cause")) return;  // the service behind the gateway was not asked
  headers.emplace_back("x-aml-cluster", "vienna-" + shared.options.location + "-01");
  if (!reply.header("x-ms-response-type"))
    headers.emplace_back("x-ms-response-type",
                         reply.status >= 400 && !reply.body.empty() ? "error" : "standard");
  headers.emplace_back("x-request-time", "0.049");
}

}  // namespace trainyard::azsim
