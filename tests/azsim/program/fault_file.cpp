#include "tests/azsim/program/fault_file.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace trainyard::azsim {
namespace {

using Kind = FaultRule::Kind;
struct KindName {
  std::string_view name;
  Kind kind;
};
constexpr std::array kKinds{
    KindName{"Answer", Kind::Answer},       KindName{"LostBefore", Kind::LostBefore},
    KindName{"LostAfter", Kind::LostAfter}, KindName{"CutHead", Kind::CutHead},
    KindName{"CutBody", Kind::CutBody},     KindName{"Truncate", Kind::Truncate},
    KindName{"NotJson", Kind::NotJson},     KindName{"Slow", Kind::Slow},
    KindName{"StaleList", Kind::StaleList}, KindName{"RepeatPage", Kind::RepeatPage},
    KindName{"SkipPage", Kind::SkipPage},   KindName{"FailOperation", Kind::FailOperation}};

Error wrong(std::string const& field, std::string const& what) {
  return {.kind = ErrorKind::Invalid, .reason = "FaultFile", .message = field + " " + what};
}

bool set_text(std::string& to, Json const& value) {
  to = value.string_or("");
  return value.is_string();
}

bool set_number(int& to, Json const& value) {
  to = static_cast<int>(value.integer_or(0));
  return value.is_integer();
}

bool set_flag(bool& to, Json const& value) {
  to = value.bool_or(false);
  return value.is_bool();
}

bool set_seconds(Duration& to, Json const& value) {
  to = Duration(std::llround(value.number_or(0) * 1000));
  return value.is_number();
}

bool set_kind(Kind& to, Json const& value) {
  for (auto const& [name, kind] : kKinds) {
    if (value.string_or("") != name) continue;
    to = kind;
    return true;
  }
  return false;
}

bool set_headers(HttpHeaders& to, Json const& value) {
  for (auto const& [name, text] : value.members()) to.emplace_back(name, text.string_or(""));
  return value.is_object();
}

/// False: the value is of the wrong type, or none of those there are.
Result<bool> set(FaultRule& rule, std::string const& field, Json const& value) {
  if (field == "operation") return set_text(rule.operation, value);
  if (field == "path") return set_text(rule.path_part, value);
  if (field == "skip") return set_number(rule.skip, value);
  if (field == "times") return set_number(rule.times, value);
  if (field == "kind") return set_kind(rule.kind, value);
  if (field == "status") return set_number(rule.status, value);
  if (field == "code") return set_text(rule.code, value);
  if (field == "message") return set_text(rule.message, value);
  if (field == "headers") return set_headers(rule.headers, value);
  if (field == "share") {
    rule.share = value.number_or(0);
    return value.is_number();
  }
  if (field == "retryAfterAsDate") return set_flag(rule.retry_after_as_date, value);
  if (field == "retryAfterSeconds") return set_seconds(rule.retry_after.emplace(), value);
  if (field == "delaySeconds") return set_seconds(rule.delay, value);
  if (field == "ageSeconds") return set_seconds(rule.age, value);
  return wrong(field, "is no field of a fault");
}

Result<bool> set(FailingCompute& compute, std::string const& field, Json const& value) {
  if (field == "code") return set_text(compute.code, value);
  if (field == "message") return set_text(compute.message, value);
  return wrong(field, "is no field of a failing compute");
}

template <typename Item>
Result<std::vector<Item>> items_of(std::string const& list, Json const& value) {
  if (!value.is_array()) return wrong(list, "takes a list");
  std::vector<Item> items;
  for (Json const& fields : value.items()) {
    std::string const place = list + "[" + std::to_string(items.size()) + "]";
    if (!fields.is_object()) return wrong(place, "takes an object");
    Item item;
    for (auto const& [field, given] : fields.members()) {
      Result<bool> const good = set(item, field, given);
      if (!good) return good.error().while_doing(place);
      if (!*good) return wrong(place + "." + field, "cannot be " + given.dump());
    }
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace

Result<FaultPlan> parse_fault_plan(std::string_view text) {
  Result<Json> const file = Json::parse(text);
  if (!file) return file.error();
  if (!file->is_object()) return wrong("the file", "takes an object with requests, computes or both");
  FaultPlan plan;
  for (auto const& [name, value] : file->members()) {
    if (name == "requests") {
      Result<std::vector<FaultRule>> rules = items_of<FaultRule>(name, value);
      if (!rules) return rules.error();
      plan.requests = *std::move(rules);
    } else if (name == "computes") {
      Result<std::vector<FailingCompute>> computes = items_of<FailingCompute>(name, value);
      if (!computes) return computes.error();
      plan.computes = *std::move(computes);
    } else {
      return wrong(name, "is neither requests nor computes");
    }
  }
  return plan;
}

std::string fault_file_help() {
  std::string kinds;
  for (auto const& [name, kind] : kKinds) kinds += (kinds.empty() ? "" : ", ") + std::string(name);
  return "--faults FILE is JSON; what is left out of a request's fault has the value shown:\n"
         "  {\"requests\": [{\"operation\": \"jobs.put\", \"path\": \"\", \"skip\": 0, \"times\": 1, "
         "\"share\": 1,\n"
         "     \"kind\": \"Answer\", \"status\": 500, \"code\": \"InternalServerError\", \"message\": \"An "
         "internal error occurred.\",\n"
         "     \"headers\": {}, \"retryAfterAsDate\": false, \"delaySeconds\": 0, \"ageSeconds\": 0}],\n"
         "   \"computes\": [{\"code\": \"ClusterMinNodesExceedCoreQuota\", \"message\": \"No quota.\"}]}\n"
         "operation: as --log calls it, 'computes.*' for a group, '*' for all; path: what the path "
         "contains;\n"
         "times: -1 for always; share: of the calls, drawn by --fault-seed; retryAfterSeconds: none unless "
         "given;\n"
         "ageSeconds: of a stale list; kind: " +
         kinds +
         ".\n"
         "computes: how the creates to come end, in their order.\n";
}

}  // namespace trainyard::azsim
