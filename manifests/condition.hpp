// Conditions: what a user should know, by kstatus's rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/json.hpp"

namespace trainyard::manifests {

inline constexpr std::string_view kReady = "Ready", kReconciling = "Reconciling", kStalled = "Stalled";

enum class ConditionStatus { True, False, Unknown };

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason;   // CamelCase
  std::string message;  // stable: the same problem in the same words
  WallTime last_transition{};
  std::int64_t observed_generation = 0;
  bool operator==(Condition const&) const = default;
};

using Conditions = std::vector<Condition>;

Condition const* find_condition(Conditions const& conditions, std::string_view type);
/// Sets the condition of that type; its transition time moves only when the status does.
void set_condition(Conditions& conditions, Condition condition, WallTime now);
void remove_condition(Conditions& conditions, std::string_view type);
Json to_json(Conditions const& conditions);
Conditions conditions_from_json(Json const& json);

}  // namespace trainyard::manifests
