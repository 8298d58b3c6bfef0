#include "tests/azsim/faults.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "controller/base/time_text.hpp"
#include "tests/azsim/buckets.hpp"

namespace trainyard::azsim {
namespace {

using Kind = FaultRule::Kind;

struct Words {
  int status;
  std::string_view code, message;
};
/// Source: sheet 1, ARM error bodies.
constexpr std::array kWords{
    Words{401, "ExpiredAuthenticationToken", "The access token has expired."},
    Words{403, "AuthorizationFailed",
          "The client does not have authorization to perform this action, or the scope is invalid. If access "
          "was recently granted, please refresh your credentials."},
    Words{404, "ResourceNotFound", "The Resource was not found."},
    Words{409, "Conflict", "Another operation on the resource is in progress."},
    Words{429, "SubscriptionRequestsThrottled",
          "Number of requests for subscription exceeded the limit. Please try again later."},
    Words{503, "ServiceUnavailable", "The service is temporarily unavailable."},
    Words{500, "InternalServerError", "An internal error occurred."}};

Words const& words_of(int status) {
  auto const found = std::find_if(kWords.begin(), kWords.end() - 1,
                                  [&](Words const& known) { return known.status == status; });
  return *found;  // of any other status: those of 500
}

bool matches(FaultRule const& rule, std::string_view operation, std::string_view path) {
  if (path.find(rule.path_part) == std::string_view::npos) return false;
  std::string_view const wanted = rule.operation;
  if (wanted.ends_with('*')) return operation.starts_with(wanted.substr(0, wanted.size() - 1));
  return operation == wanted;
}

std::string retry_after(FaultRule const& rule, WallTime now) {
  if (rule.retry_after_as_date) return to_http_date(now + *rule.retry_after);
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(*rule.retry_after).count());
}

}  // namespace

bool Faults::meets(FaultRule& rule) {
  constexpr int kBits = 53;  // of a double's fraction
  if (rule.share < 1 && std::ldexp(static_cast<double>(random_.next() >> (64 - kBits)), -kBits) >= rule.share)
    return false;
  if (rule.skip == 0) return true;
  --rule.skip;
  return false;
}

std::optional<FaultRule> Faults::take(std::string_view operation, std::string_view path) {
  for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
    if (!matches(*rule, operation, path) || !meets(*rule)) continue;
    FaultRule met = *rule;
    if (rule->times > 0 && --rule->times == 0) rules_.erase(rule);
    return met;
  }
  return std::nullopt;
}

std::vector<FaultRule> common_faults(double share) {
  constexpr std::chrono::seconds kPause{2};
  FaultRule const any{.operation = "*", .path_part = "", .times = -1, .share = share};
  std::vector<FaultRule> rules;
  for (int const status : {401, 403, 404, 409, 429, 500, 503}) {
    FaultRule rule = any;
    rule.status = status;
    if (status == 429 || status == 503) rule.retry_after = kPause;
    rules.push_back(std::move(rule));
  }
  for (Kind const kind :
       {Kind::LostBefore, Kind::LostAfter, Kind::CutHead, Kind::CutBody, Kind::Truncate, Kind::NotJson,
        Kind::Slow, Kind::StaleList, Kind::RepeatPage, Kind::SkipPage, Kind::FailOperation}) {
    FaultRule rule = any;
    rule.kind = kind;
    if (kind == Kind::Slow) rule.delay = kPause;
    rules.push_back(std::move(rule));
  }
  return rules;
}

Json error_of(FaultRule const& rule) {
  Words const& words = words_of(rule.status);
  return Json::object({{"code", rule.code.empty() ? std::string(words.code) : rule.code},
                       {"message", rule.message.empty() ? std::string(words.message) : rule.message}});
}

HttpResponse answer_of(FaultRule const& rule, std::string_view method, WallTime now) {
  HttpResponse reply{.status = rule.status,
                     .headers = rule.headers,
                     .body = Json::object({{"error", error_of(rule)}}).dump()};
  reply.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  if (rule.retry_after) reply.headers.emplace_back("Retry-After", retry_after(rule, now));
  if (rule.status == 429) reply.headers.emplace_back(remaining_header(method), "0");
  if (rule.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  return reply;
}

ServerReply damaged(HttpResponse reply, FaultRule const& rule) {
  ReplyFault fault = ReplyFault::Send;
  if (rule.kind == Kind::LostBefore || rule.kind == Kind::LostAfter) fault = ReplyFault::CloseBeforeHead;
  if (rule.kind == Kind::CutHead) fault = ReplyFault::CutHead;
  if (rule.kind == Kind::CutBody) fault = ReplyFault::CutBody;
  if (rule.kind == Kind::Truncate) reply.body.resize(reply.body.size() / 2);
  if (rule.kind == Kind::NotJson) reply.body = "<html><body>The service is unavailable.</body></html>";
  return {.response = std::move(reply), .fault = fault, .delay = rule.delay};
}

}  // namespace trainyard::azsim
