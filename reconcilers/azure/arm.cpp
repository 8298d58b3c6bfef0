#include "reconcilers/azure/arm.hpp"

#include <set>

#include "controller/base/encoding.hpp"
#include "controller/base/http_outcome.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/deadline.hpp"
#include "reconcilers/azure/telemetry.hpp"

namespace trainyard::azure {

namespace {

constexpr Duration kDeadline = std::chrono::seconds(100);  // Resource Manager itself gives up after 60 s
constexpr std::size_t kMostPages = 10000;

Error throttled(Duration wait) {
  return {.kind = ErrorKind::Throttled,
          .reason = "RequestLimit",
          .message = "the subscription's request limit is used up; requests go on as it refills",
          .retry_after = wait};
}

Error malformed(HttpRequest const& request, int status) {
  return {.kind = ErrorKind::Transient,
          .reason = "MalformedAnswer",
          .message = "Azure's answer is not the JSON it should be",
          .maybe_applied = !is_read(request.method),
          .status = status};
}

Error refused_host(Cloud const& cloud, std::string const& what, std::string const& host, char const* field) {
  return {.kind = ErrorKind::Invalid,
          .reason = "HostNotAllowed",
          .message = what + " '" + host + "' is not one of cloud '" + cloud.name +
                     "'; if it is to be trusted, add it to " + field +
                     " of that cloud in the file given by --clouds"};
}

/// https, or http where the cloud itself is spoken to so (a simulator on this machine).
bool scheme_allowed(Cloud const& cloud, Url const& url) {
  return url.scheme == "https" || cloud.resource_manager.starts_with("http://");
}

/// Names of groups may hold letters beyond ASCII; what is encoded already stays.
std::string url_characters(std::string_view path) {
  std::string text;
  for (char c : path)
    if (c > ' ' && c < '\x7f')
      text += c;
    else
      text += percent_encode(std::string_view(&c, 1));
  return text;
}

}  // namespace

ArmClient::ArmClient(AzureParts parts, Cloud cloud, TokenSource& tokens, std::string subscription)
    : parts_(parts), cloud_(std::move(cloud)), tokens_(tokens), subscription_(std::move(subscription)) {
  register_request_counters(parts_.metrics);
  for (Verb const verb : {Verb::Read, Verb::Write, Verb::Delete}) show_remaining(parts_, subscription_, verb);
}

Result<ArmAnswer> ArmClient::send(std::string_view method, std::string const& path,
                                  std::string_view api_version, Json const& body, Urgency urgency,
                                  Context const& context, ArmTold* told) {
  std::string url = cloud_.resource_manager + url_characters(path);
  url += path.find('?') == std::string::npos ? "?" : "&";
  url += "api-version=" + std::string(api_version);
  return exchange(
      {.method = std::string(method), .url = std::move(url), .body = body.is_null() ? "" : body.dump()},
      Door::Arm, urgency, context, told);
}

Result<ArmList> ArmClient::list(std::string const& path, std::string_view api_version, Urgency urgency,
                                std::function<bool(ArmAnswer const& page)> const& on_page,
                                Context const& context) {
  std::string const origin = cloud_.resource_manager;
  ArmList list;
  Result<ArmAnswer> page = send("GET", path, api_version, Json(), urgency, context);
  std::set<std::string> followed;
  for (bool first = true;; first = false) {
    if (!page) return page.error();
    if (first) {
      list.began = page->began;
      list.date = page->date;
      list.order = page->order;
    }
    bool const more = on_page(*page);
    std::string const next = page->body.text("nextLink");
    list.complete = next.empty();
    if (next.empty() || !more) return list;
    Result<Url> const url = parse_url(next);
    if (!url || url->origin() != origin)  // rule 23
      return Error{.kind = ErrorKind::Transient,
                   .reason = "MalformedAnswer",
                   .message = "a list goes on at another host, which gets no token"};
    if (!followed.insert(next).second || followed.size() >= kMostPages)
      return Error{.kind = ErrorKind::Transient, .reason = "MalformedAnswer", .message = "a list has no end"};
    page = exchange({.method = "GET", .url = next}, Door::Arm, urgency, context, nullptr);
  }
}

Result<ArmAnswer> ArmClient::send_data_plane(std::string_view method, std::string const& url,
                                             Json const& body, Urgency urgency, Context const& context) {
  Result<Url> const allowed = data_plane_url(url);
  if (!allowed) return allowed.error();
  return exchange({.method = std::string(method), .url = url, .body = body.is_null() ? "" : body.dump()},
                  Door::DataPlane, urgency, context, nullptr);
}

Result<Url> ArmClient::data_plane_url(std::string const& text) const {
  Result<Url> url = parse_url(text);
  if (!url) return url.error();
  if (!cloud_.allows_host(url->host) || !scheme_allowed(cloud_, *url))
    return refused_host(cloud_, "the workspace's address", url->scheme + "://" + url->host, "hostSuffixes");
  return url;
}

Result<Url> ArmClient::storage_url(std::string const& text) const {
  Result<Url> url = parse_url(text);
  if (!url) return url.error();
  if (!cloud_.allows_storage_host(url->host) || !scheme_allowed(cloud_, *url))
    return refused_host(cloud_, "the storage address", url->scheme + "://" + url->host, "storageSuffixes");
  return url;
}

Result<WriteToken> ArmClient::reserve_write() {
  if (std::optional<Duration> const wait = parts_.limits.take(subscription_, Verb::Write, false))
    return throttled(*wait);
  return WriteToken(parts_.limits, subscription_);
}

Result<HttpResponse> ArmClient::send_once(HttpRequest const& request, Door door, Context const& context) {
  SteadyTime const began = parts_.clock.steady();
  Result<HttpResponse> response = parts_.transport.send(request, within(context, kDeadline, parts_.clock));
  Verb const verb = verb_of(request.method);
  if (door == Door::Arm) {
    parts_.limits.observe(subscription_, verb, response);
    show_remaining(parts_, subscription_, verb);
  }
  tell_exchange(parts_, door == Door::Arm ? "arm" : "dataplane", request, response, began);
  return response;
}

Result<ArmAnswer> ArmClient::exchange(HttpRequest request, Door door, Urgency urgency, Context const& context,
                                      ArmTold* told) {
  HttpHeaders headers{{"Accept", "application/json"},
                      {"User-Agent", "trainyard"},
                      {"x-ms-client-request-id", uuid4(parts_.random)}};
  if (!request.body.empty()) headers.emplace_back("Content-Type", "application/json");
  for (bool first = true;; first = false) {
    Result<std::string> const token = tokens_.token(context);
    if (!token) return token.error();
    if (door == Door::Arm && !(first && urgency == Urgency::Reserved))
      if (std::optional<Duration> const wait =
              parts_.limits.take(subscription_, verb_of(request.method), urgency == Urgency::Periodic))
        return throttled(*wait);
    request.headers = headers;
    request.headers.emplace_back("Authorization", "Bearer " + *token);

    ArmAnswer answer{.began = parts_.clock.wall(), .order = ++orders_};
    if (told != nullptr) told->order = answer.order;
    Result<HttpResponse> response = send_once(request, door, context);
    if (!response) return response.error();
    answer.status = response->status;
    Result<WallTime> const date = parse_http_date(response->header("Date").value_or(""));
    answer.date = date ? *date : answer.began;
    if (told != nullptr) told->date = answer.date;
    if (response->status == 401) {
      tokens_.forget(*token);
      if (first) continue;
    }
    if (!response->ok()) {
      Error error = arm_error(*response, parts_.clock.wall(), parts_.scrubber);
      // The gateway's 5xx says nothing of what the service behind it did.
      error.maybe_applied = !is_read(request.method) && (response->status >= 500 || response->status == 408);
      return error;
    }
    if (!response->body.empty()) {
      Result<Json> body = Json::parse(response->body);
      if (!body) return malformed(request, response->status);
      answer.body = std::move(*body);
    }
    answer.headers = std::move(response->headers);
    return answer;
  }
}

std::string WorkspaceId::path() const {
  return "/subscriptions/" + subscription + "/resourceGroups/" + group +
         "/providers/Microsoft.MachineLearningServices/workspaces/" + name;
}

}  // namespace trainyard::azure
