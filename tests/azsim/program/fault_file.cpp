#include "tests/azsim/program/fault_file.hpp"

#include <array>
#include <utility>

namespace trainyard::azsim {
namespace {

using Kind = FaultRule::Kind;
constexpr std::array<std::pair<std::string_view, Kind>, 6> kKinds{{{"Answer", Kind::Answer},
                                                                   {"LostBefore", Kind::LostBefore},
                                                                   {"LostAfter", Kind::LostAfter},
                                                                   {"Truncate", Kind::Truncate},
                                                                   {"NotJson", Kind::NotJson},
                                                                   {"Slow", Kind::Slow}}};

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
  if (field == "delaySeconds") {
    rule.delay = std::chrono::seconds(value.integer_or(0));
    return value.is_integer();
  }
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
         "\"kind\": \"Answer\",\n"
         "     \"status\": 500, \"code\": \"InternalServerError\", \"message\": \"An internal error "
         "occurred.\",\n"
         "     \"headers\": {}, \"delaySeconds\": 0}],\n"
         "   \"computes\": [{\"code\": \"ClusterMinNodesExceedCoreQuota\", \"message\": \"No quota.\"}]}\n"
         "operation: as --log calls it, 'computes.*' for a group, '*' for all; path: what the path "
         "contains;\n"
         "times: -1 for always; kind: " +
         kinds +
         ".\n"
         "computes: how the creates to come end, in their order.\n";
}

}  // namespace trainyard::azsim
