#include "tests/sim/sim_kube.hpp"

#include <algorithm>
#include <utility>

#include "controller/base/http_outcome.hpp"
#include "tests/sim/kube_wire.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Error killed() {
  return {.kind = ErrorKind::Canceled, .reason = "Killed", .message = "the operator was killed"};
}

Error lost(HttpRequest const& request) {
  return {.kind = ErrorKind::Transient,
          .reason = "ConnectionLost",
          .message = "the connection broke before the whole answer came",
          .maybe_applied = !is_read(request.method)};
}

Error failed(ErrorKind kind, std::string reason, std::string message) {
  return {.kind = kind, .reason = std::move(reason), .message = std::move(message)};
}

/// What a request is about, in the words of a trace.
std::string shown(HttpRequest const& request) {
  std::optional<KubeAddress> const address = kube_address(request.url);
  if (!address) return request.method + " ?";
  std::string text = request.method + " /" + address->collection + "/" + address->name;
  if (!address->subresource.empty()) text += "/" + address->subresource;
  if (is_read(request.method)) return text;
  Result<Json> const body = Json::parse(request.body);
  if (!body) return text;
  if (address->subresource == "status") return text + " " + body->at({"status", "conditions"}).dump();
  if (!body->at("note").is_null()) return text + body->text("reason") + ": " + body->text("note");
  return text + " " + request.body;
}

}  // namespace

KubeFaults rough_api() {
  return {.lost_before = 0.02,
          .lost_after = 0.02,
          .refused = 0.02,
          .throttled = 0.01,
          .overtaken = 0.02,
          .cut = 0.3,
          .silent = 0.05,
          .expired = 0.2,
          .late = 0.1,
          .latest = seconds(30)};
}

Result<HttpResponse> SimKube::send(HttpRequest const& request, Context const& context) {
  if (whose_.dead) return killed();
  if (context.stop.stop_requested()) return failed(ErrorKind::Canceled, "Stopped", "stopped");
  stage_.fibers.sleep(stage_.between(milliseconds(1), milliseconds(20)));
  Result<HttpResponse> result = exchange(request);
  stage_.fibers.sleep(stage_.between(milliseconds(1), milliseconds(20)));
  return result;
}

Result<HttpResponse> SimKube::exchange(HttpRequest const& request) {
  std::string const what = shown(request);
  bool const write = !is_read(request.method);
  if (write) said_(request.body);
  bool const answer_lost = stage_.loses_answer();
  if (faults_.unreachable || stage_.chance(faults_.lost_before)) {
    stage_.tell("LOST, nothing done: " + what);
    return lost(request);
  }
  if (stage_.chance(faults_.refused)) {
    bool const busy = stage_.chance(0.5);
    stage_.tell((busy ? "503: " : "500: ") + what);
    return busy ? kube_failure(503, "ServiceUnavailable",
                               "the server is currently unable to handle the request")
                : kube_failure(500, "InternalError", "an error on the server has prevented the request");
  }
  if (stage_.chance(faults_.throttled)) {
    stage_.tell("429: " + what);
    HttpResponse answer = kube_failure(429, "TooManyRequests", "too many requests, please try again later");
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
  }
  if (write && stage_.chance(faults_.overtaken)) overtake(request);
  bool const unheard = answer_lost || stage_.chance(faults_.lost_after);
  Result<HttpResponse> result = killed();
  auto const ask = [&] { result = server_.handle(request); };
  if (write)
    stage_.effect(whose_, what, ask);
  else
    ask();
  stage_.tell(what.substr(0, what.find(' ', what.find('/'))) + " -> " +
              (result ? std::to_string(result->status) : result.error().reason) +
              (unheard ? " UNHEARD" : ""));
  if (unheard) return lost(request);
  return result;
}

void SimKube::overtake(HttpRequest const& request) {
  std::optional<KubeAddress> const address = kube_address(request.url);
  if (!address || address->name.empty()) return;
  std::string const when = std::to_string(stage_.clock.steady().time_since_epoch().count());
  Json const patch = Json::object(
      {{"metadata", Json::object({{"annotations", Json::object({{"example.com/seen", when}})}})}});
  HttpRequest other{.method = "PATCH",
                    .url = request.url.substr(0, request.url.find('?')),
                    .headers = {{"Content-Type", "application/merge-patch+json"}},
                    .body = patch.dump()};
  if (other.url.ends_with("/status")) other.url.resize(other.url.size() - std::string("/status").size());
  stage_.tell("OVERTAKEN: " + address->name + " -> " + std::to_string(server_.handle(other).status));
}

Duration SimKube::lag() {
  Duration const usual = stage_.between(milliseconds(0), milliseconds(10));
  return stage_.chance(faults_.late) ? stage_.between(usual, faults_.latest) : usual;
}

Result<HttpResponse> SimKube::stream_lines(HttpRequest const& request,
                                           std::function<void(std::string line)> const& on_line,
                                           Duration quiet, Context const& context) {
  if (whose_.dead) return killed();
  SteadyTime const began = stage_.clock.steady();
  stage_.fibers.sleep(stage_.between(milliseconds(1), milliseconds(20)));
  if (faults_.unreachable) return lost(request);
  if (stage_.chance(faults_.refused)) return kube_failure(503, "ServiceUnavailable", "try again");
  if (stage_.chance(faults_.expired)) server_.compact();
  std::variant<KubeWatch, HttpResponse> begun = KubeWatch::begin(server_, request);
  if (auto const* const refusal = std::get_if<HttpResponse>(&begun)) return *refusal;
  KubeWatch& watch = std::get<KubeWatch>(begun);
  auto const some_time_if = [&](double share) {
    return stage_.chance(share) ? began + stage_.between(milliseconds(10), minutes(5)) : SteadyTime::max();
  };
  SteadyTime const cut = some_time_if(faults_.cut), silent = some_time_if(faults_.silent);
  SteadyTime heard = stage_.clock.steady();
  std::optional<KubeWatch::Line> line;  // on its way
  for (;;) {
    SteadyTime const now = stage_.clock.steady();
    if (whose_.dead) return killed();
    if (context.stop.stop_requested()) return failed(ErrorKind::Canceled, "Stopped", "stopped");
    if (now >= context.deadline) return failed(ErrorKind::Canceled, "DeadlineExceeded", "the time is over");
    if (now >= heard + quiet) return failed(ErrorKind::Transient, "Timeout", "no line came");
    if (now >= cut || faults_.unreachable) return lost(request);
    SteadyTime until = std::min({cut, context.deadline, heard + quiet});
    if (now < silent) {
      if (!line && (line = watch.next())) line->at = std::max(line->at, heard) + lag();
      if (line && line->at <= now) {
        heard = now;
        on_line(std::exchange(line, std::nullopt)->text);
        stage_.fibers.yield();
        continue;
      }
      if (!line && now >= watch.ends()) return HttpResponse{.status = 200};
      until = std::min({until, silent, line ? line->at : std::min(watch.ends(), watch.next_bookmark())});
    }
    std::size_t const seen = server_.changes().size();
    stage_.fibers.wait_for(
        [&] {
          return context.stop.stop_requested() || faults_.unreachable || server_.changes().size() != seen;
        },
        until);
  }
}

}  // namespace trainyard::sim
