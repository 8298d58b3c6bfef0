#include "tests/sim/sim_azure.hpp"

#include <algorithm>

#include "controller/base/http_outcome.hpp"

namespace trainyard::sim {

namespace {

/// Whether it changes anything; a token that is asked for does not.
bool is_write(HttpRequest const& request, std::string const& what) {
  return !is_read(request.method) && !what.ends_with("/oauth2/v2.0/token");
}

Error lost(HttpRequest const& request) {
  return {.kind = ErrorKind::Transient,
          .reason = "ConnectionLost",
          .message = "the connection broke before the whole answer came",
          .maybe_applied = !is_read(request.method)};
}

Error killed() {
  return {.kind = ErrorKind::Canceled, .reason = "Killed", .message = "the operator was killed"};
}

HttpResponse answer(int status, std::string const& code, HttpHeaders headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  return {.status = status,
          .headers = std::move(headers),
          .body = R"({"error":{"code":")" + code +
                  R"(","message":"The service is not able to process this request now."}})"};
}

/// Method and path: a query may hold a SAS.
std::string shown(HttpRequest const& request) {
  Result<Url> const url = parse_url(request.url);
  return request.method + " " + (url ? url->path : std::string("?"));
}

}  // namespace

Network::Network(azsim::AzureSim& azure, Stage& stage)
    : azure_(azure),
      stage_(stage),
      wire_([this](HttpRequest const& request) { return azure_.handle(request); }, stage.clock,
            [this](Duration by) { stage_.fibers.sleep(by); }) {}

Result<HttpResponse> Network::send(Pulse& whose, HttpRequest const& request, Context const& context) {
  if (whose.dead) return killed();
  SteadyTime const began = stage_.clock.steady();
  stage_.fibers.sleep(stage_.between(std::chrono::milliseconds(5), std::chrono::milliseconds(80)));
  Result<HttpResponse> result = exchange(whose, request, context);
  stage_.fibers.sleep(stage_.between(std::chrono::milliseconds(5), std::chrono::milliseconds(80)));
  if (result) heard_({.began = began, .request = request, .response = *result});
  return result;
}

Result<HttpResponse> Network::exchange(Pulse& whose, HttpRequest const& request, Context const& context) {
  std::string const what = shown(request);
  bool const write = is_write(request, what);
  bool const answer_lost = stage_.loses_answer();
  if (faults_.unreachable || stage_.chance(faults_.lost_before)) {
    stage_.tell("LOST, nothing done: " + what);
    return lost(request);
  }
  if (stage_.chance(faults_.refused)) {
    bool const busy = stage_.chance(0.5);
    stage_.tell((busy ? "503: " : "500: ") + what);
    return busy ? answer(503, "ServiceUnavailable") : answer(500, "InternalServerError");
  }
  if (stage_.chance(faults_.throttled)) {
    stage_.tell("429: " + what);
    return answer(429, "TooManyRequests", {{"Retry-After", "7"}});
  }
  if (stage_.chance(faults_.unauthorized)) {
    stage_.tell("401: " + what);
    return answer(401, "InvalidAuthenticationToken");
  }
  bool const may_be_late = what.find(faults_.late_part) != std::string::npos;
  if (write && may_be_late && stage_.chance(faults_.late)) {
    SteadyTime const now = stage_.clock.steady();
    late_.push_back({now, now + stage_.between(std::chrono::seconds(1), faults_.latest), request});
    stage_.tell("LOST, on its way: " + what);
    return lost(request);
  }
  bool const unheard = answer_lost || stage_.chance(faults_.lost_after);
  Result<HttpResponse> result = killed();
  auto const ask = [&] { result = wire_.send(request, context); };
  if (write)
    stage_.effect(whose, what, ask);
  else
    ask();
  std::string const status = result ? std::to_string(result->status) : result.error().reason;
  stage_.tell(what + " -> " + status + (unheard ? " UNHEARD" : ""));
  if (unheard) {
    unheard_(what);
    return lost(request);
  }
  if (result && stage_.chance(faults_.garbled)) {
    stage_.tell("GARBLED: " + what);
    result->body.resize(result->body.size() / 2);
  }
  return result;
}

void Network::land() {
  for (std::size_t i = 0; i < late_.size();) {
    if (late_[i].at > stage_.clock.steady()) {
      ++i;
      continue;
    }
    OnItsWay const one = std::move(late_[i]);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(i));
    landed_(shown(one.request), stage_.clock.steady() - one.sent);
    ServerReply const reply = azure_.handle(one.request);
    stage_.tell("LANDED LATE: " + shown(one.request) + " -> " + std::to_string(reply.response.status));
  }
}

SteadyTime Network::next_landing() const {
  SteadyTime next = SteadyTime::max();
  for (OnItsWay const& one : late_) next = std::min(next, one.at);
  return next;
}

}  // namespace trainyard::sim
