#include "manifests/condition.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"
#include "manifests/json_fields.hpp"

namespace trainyard::manifests {

namespace {

constexpr Words<ConditionStatus, 3> kWords{{{"True", ConditionStatus::True},
                                            {"False", ConditionStatus::False},
                                            {"Unknown", ConditionStatus::Unknown}}};

}  // namespace

Condition const* find_condition(Conditions const& conditions, std::string_view type) {
  auto const found =
      std::find_if(conditions.begin(), conditions.end(), [&](Condition const& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

void set_condition(Conditions& conditions, Condition condition, WallTime now) {
  Condition const* const before = find_condition(conditions, condition.type);
  bool const moved = before == nullptr || before->status != condition.status;
  condition.last_transition = moved ? now : before->last_transition;
  if (before == nullptr)
    conditions.push_back(std::move(condition));
  else
    conditions[static_cast<std::size_t>(before - conditions.data())] = std::move(condition);
}

void remove_condition(Conditions& conditions, std::string_view type) {
  std::erase_if(conditions, [&](Condition const& c) { return c.type == type; });
}

Json to_json(Conditions const& conditions) {
  Json json = Json::array();
  for (Condition const& c : conditions) {
    json.push_back(Json::object({{"type", c.type},
                                 {"status", word_of(kWords, c.status)},
                                 {"reason", c.reason},
                                 {"message", c.message},
                                 {"lastTransitionTime", to_rfc3339(c.last_transition)},
                                 {"observedGeneration", c.observed_generation}}));
  }
  return json;
}

Conditions conditions_from_json(Json const& json) {
  Conditions conditions;
  for (Json const& item : json.items()) {
    Result<WallTime> const since = parse_rfc3339(item.text("lastTransitionTime"));
    conditions.push_back({.type = item.text("type"),
                          .status = enum_of(kWords, item.text("status")).value_or(ConditionStatus::Unknown),
                          .reason = item.text("reason"),
                          .message = item.text("message"),
                          .last_transition = since ? *since : WallTime{},
                          .observed_generation = count_of(item, "observedGeneration")});
  }
  return conditions;
}

}  // namespace trainyard::manifests
