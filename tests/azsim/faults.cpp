#include "tests/azsim/faults.hpp"

#include <utility>

namespace trainyard::azsim {
namespace {

bool matches(FaultRule const& rule, std::string_view operation, std::string_view path) {
  if (path.find(rule.path_part) == std::string_view::npos) return false;
  std::string_view const wanted = rule.operation;
  if (wanted.ends_with('*')) return operation.starts_with(wanted.substr(0, wanted.size() - 1));
  return operation == wanted;
}

}  // namespace

std::optional<FaultRule> Faults::take(std::string_view operation, std::string_view path) {
  for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
    if (!matches(*rule, operation, path)) continue;
    if (rule->skip > 0) {
      --rule->skip;
      continue;
    }
    FaultRule met = *rule;
    if (rule->times > 0 && --rule->times == 0) rules_.erase(rule);
    return met;
  }
  return std::nullopt;
}

HttpResponse answer_of(FaultRule const& rule) {
  HttpResponse reply{
      .status = rule.status,
      .headers = rule.headers,
      .body =
          Json::object({{"error", Json::object({{"code", rule.code}, {"message", rule.message}})}}).dump()};
  reply.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return reply;
}

ServerReply damaged(HttpResponse reply, FaultRule const& rule) {
  switch (rule.kind) {
    case FaultRule::Kind::Answer:
      break;
    case FaultRule::Kind::LostBefore:
    case FaultRule::Kind::LostAfter:
      return {.response = {}, .fault = ReplyFault::CloseBeforeHead};
    case FaultRule::Kind::Truncate:
      return {.response = std::move(reply), .fault = ReplyFault::CutBody};
    case FaultRule::Kind::NotJson:
      reply.body = "<html><body>The service is unavailable.</body></html>";
      break;
    case FaultRule::Kind::Slow:
      return {.response = std::move(reply), .delay = rule.delay};
  }
  return {.response = std::move(reply)};
}

}  // namespace trainyard::azsim
