#include "controller/kube/api_client.hpp"

#include <algorithm>

#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"

namespace trainyard::kube {

namespace {

constexpr Duration kCallDeadline = std::chrono::seconds(30);
constexpr std::size_t kMostAnswer = std::size_t{64} << 20U;  // a page of 500 objects of 100 KiB
constexpr std::size_t kLongestMessage = 1000;

ErrorKind kind_of(int code) {
  switch (code) {
    case 401:
      return ErrorKind::Unauthorized;
    case 403:
      return ErrorKind::Forbidden;
    case 404:
      return ErrorKind::NotFound;
    case 409:
      return ErrorKind::Conflict;
    case 429:
      return ErrorKind::Throttled;
    default:
      return code == 410 || code >= 500 ? ErrorKind::Transient : ErrorKind::Invalid;
  }
}

char const* accept_of(Shape shape) {
  switch (shape) {
    case Shape::Metadata:
      return "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    case Shape::ListOfMetadata:
      return "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    case Shape::Whole:
      break;
  }
  return "application/json, */*";
}

bool is_read(std::string_view method) { return method == "GET"; }

}  // namespace

Error error_of_status(int code, Json const& status, Scrubber const& scrubber) {
  std::string const said = readable(one_line(scrubber.scrub(status.text("message"))), kLongestMessage);
  Error error{.kind = kind_of(code),
              .reason = status.text("reason"),
              .message = said.empty() ? "the API server answered " + std::to_string(code) : said,
              .status = code};
  if (error.reason.empty()) error.reason = "Http" + std::to_string(code);
  if (code == 410) error.reason = "Expired";
  for (Json const& cause : status.at({"details", "causes"}).items())  // else it looks like a missing right
    if (cause.text("reason") == kNamespaceTerminating) error.reason = kNamespaceTerminating;
  if (Json const& wait = status.at({"details", "retryAfterSeconds"}); wait.is_integer())
    error.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(wait.integer_or(0), 0, 3600));
  return error;
}

ApiClient::ApiClient(ClusterAccess access, StreamingTransport& transport, Clock const& clock,
                     Scrubber& scrubber, Metrics& metrics)
    : access_(std::move(access)),
      transport_(transport),
      clock_(clock),
      scrubber_(scrubber),
      metrics_(metrics) {
  Result<Url> const url = parse_url(access_.server);
  host_ = url ? url->host + ":" + std::to_string(url->port) : "";
  for (char const* const method : {"GET", "POST", "PUT", "PATCH"})
    metrics_.counter("rest_client_requests_total", "requests to the API server by code, method and host",
                     {{"code", "200"}, {"method", method}, {"host", host_}});
}

Result<HttpRequest> ApiClient::request(char const* method, std::string const& path, Shape shape) {
  HttpRequest request{.method = method,
                      .url = access_.server + path,
                      .headers = {},
                      .body = {},
                      .max_response = kMostAnswer,
                      .repeatable = true};
  request.headers.emplace_back("Accept", accept_of(shape));
  Result<std::string> const token = bearer_token(access_);
  if (!token) return token.error();
  {
    std::lock_guard lock(mutex_);
    if (*token != hidden_token_) scrubber_.add_secret(*token);
    hidden_token_ = *token;
  }
  if (!token->empty()) request.headers.emplace_back("Authorization", "Bearer " + *token);
  return request;
}

Result<HttpResponse> ApiClient::exchange(char const* method, std::string const& path,
                                         char const* content_type, Json const& body, Context const& context,
                                         Shape shape) {
  Result<HttpRequest> request = this->request(method, path, shape);
  if (!request) return request.error();
  if (!is_read(method)) {
    request->headers.emplace_back("Content-Type", content_type);
    request->body = body.dump();
  }
  Result<HttpResponse> answer = transport_.send(
      *request,
      {.stop = context.stop, .deadline = std::min(context.deadline, clock_.steady() + kCallDeadline)});
  count(method, answer);
  if (answer && !answer->ok()) return error_of(*answer, method);
  return answer;
}

Result<std::string> ApiClient::get_text(std::string const& path, Context const& context) {
  Result<HttpResponse> answer = exchange("GET", path, "", {}, context, Shape::Whole);
  if (!answer) return answer.error();
  return std::move(answer->body);
}

Result<Json> ApiClient::send(char const* method, std::string const& path, char const* content_type,
                             Json const& body, Context const& context, Shape shape) {
  Result<HttpResponse> const answer = exchange(method, path, content_type, body, context, shape);
  if (!answer) return answer.error();
  Result<Json> parsed = Json::parse(answer->body);
  if (!parsed)
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "the API server's answer is no JSON: " + parsed.error().message,
                 .maybe_applied = !is_read(method),
                 .status = answer->status};
  return parsed;
}

Result<Done> ApiClient::watch(std::string const& path, std::function<void(std::string line)> const& on_line,
                              Duration quiet, Context const& context, Shape shape) {
  Result<HttpRequest> const request = this->request("GET", path, shape);
  if (!request) return request.error();
  Result<HttpResponse> const answer = transport_.stream_lines(*request, on_line, quiet, context);
  count("GET", answer);
  if (!answer) return answer.error();
  if (!answer->ok()) return error_of(*answer, "GET");
  return Done{};
}

Error ApiClient::error_of(HttpResponse const& response, char const* method) const {
  Result<Json> const parsed = Json::parse(response.body);
  Error error = error_of_status(response.status, parsed ? *parsed : Json(), scrubber_);
  if (std::optional<std::string> const header = response.header("Retry-After"))
    if (Result<Duration> const wait = parse_retry_after(*header, clock_.wall())) error.retry_after = *wait;
  error.maybe_applied = !is_read(method) && response.status >= 500;
  return error;
}

/// Under client-go's name, which stock dashboards know; a request without an answer has the code "<error>"
/// there too.
void ApiClient::count(char const* method, Result<HttpResponse> const& answer) const {
  metrics_
      .counter("rest_client_requests_total", "requests to the API server by code, method and host",
               {{"code", answer ? std::to_string(answer->status) : "<error>"},
                {"method", method},
                {"host", host_}})
      .add();
}

}  // namespace trainyard::kube
