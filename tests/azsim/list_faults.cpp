#include "tests/azsim/list_faults.hpp"

#include <utility>

namespace trainyard::azsim {
namespace {

constexpr std::size_t kKept = 16;  // answers of one address

Json parsed(HttpResponse const& answer) {
  Result<Json> body = Json::parse(answer.body);
  return body ? std::move(*body) : Json();
}

}  // namespace

bool is_list(Call const& call, HttpResponse const& answer) {
  return call.request.method == "GET" && answer.status == 200 && answer.body.starts_with("{\"value\":[");
}

void ListHistory::keep(Call const& call, HttpResponse const& answer) {
  std::deque<Answered>& answered = by_address_[call.request.url];
  answered.push_back({call.now, answer.body});
  if (answered.size() > kKept) answered.pop_front();
}

std::optional<std::string> ListHistory::body(Call const& call, Duration age) const {
  auto const found = by_address_.find(call.request.url);
  if (found == by_address_.end()) return std::nullopt;
  for (auto answered = found->second.rbegin(); answered != found->second.rend(); ++answered)
    if (answered->time + age <= call.now) return answered->body;
  return std::nullopt;
}

void repeat_page(Call const& call, HttpResponse& answer) {
  Json body = parsed(answer);
  body["nextLink"] = call.request.url;
  answer.body = body.dump();
}

void skip_page(Handler const& handler, Call const& call, HttpResponse& answer) {
  std::string const next = parsed(answer).text("nextLink");
  if (next.empty()) {
    answer.body = Json::object({{"value", Json::array()}}).dump();
    return;
  }
  HttpRequest request = call.request;
  request.url = next;
  Result<Url> url = parse_url(next);
  check(url.has_value(), "a nextLink is an address");
  answer.body = handler(Call{.request = request,
                             .url = std::move(*url),
                             .names = call.names,
                             .body = call.body,
                             .api_version = call.api_version,
                             .now = call.now,
                             .failure = {}})
                    .body;
}

}  // namespace trainyard::azsim
