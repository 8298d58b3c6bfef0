#include "reconcilers/conditions.hpp"

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::Condition;
using manifests::Conditions;
using manifests::ConditionStatus;

constexpr Duration kSlowly = std::chrono::minutes(10);  // how often a bug is tried again

}  // namespace

void tell(Conditions& conditions, Verdict const& verdict, std::int64_t generation, WallTime now) {
  using Kind = Verdict::Kind;
  auto const set = [&](std::string_view type, ConditionStatus status) {
    bool const says_why = type == manifests::kReady || status == ConditionStatus::True;
    set_condition(conditions,
                  Condition{.type = std::string(type),
                            .status = status,
                            .reason = verdict.reason,
                            .message = says_why ? verdict.message : "",
                            .observed_generation = generation},
                  now);
  };
  auto const when = [](bool yes) { return yes ? ConditionStatus::True : ConditionStatus::False; };
  set(manifests::kReady,
      verdict.kind == Kind::Unknown ? ConditionStatus::Unknown : when(verdict.kind == Kind::Ready));
  set(manifests::kReconciling, when(verdict.kind == Kind::InProgress));
  set(manifests::kStalled, when(verdict.kind == Kind::Stalled));
}

Setback setback(Error const& error, std::int64_t& setbacks, std::string& next_look, WallTime now) {
  using Kind = Verdict::Kind;
  next_look.clear();
  Verdict stalled{.kind = Kind::Stalled, .reason = error.reason, .message = error.message};
  switch (react(error)) {
    case Reaction::Own:
      setbacks = 0;  // nothing to wait for
      return {stalled, Outcome::rest()};
    case Reaction::Surroundings: {
      Duration const delay = surroundings_delay(setbacks++);
      next_look = to_rfc3339(std::chrono::floor<std::chrono::seconds>(now + delay));
      return {stalled, Outcome::after(delay)};
    }
    case Reaction::Throttled:
      return {{.kind = Kind::InProgress, .reason = "Throttled", .message = error.message},
              Outcome::after(error.retry_after.value_or(std::chrono::seconds(5)))};
    case Reaction::Transient:
      return {{.kind = Kind::InProgress, .reason = error.reason, .message = error.message},
              error.retry_after ? Outcome::after(*error.retry_after) : Outcome::backoff()};
    case Reaction::Bug:
      return {stalled, Outcome::after(kSlowly)};
  }
  return {stalled, Outcome::after(kSlowly)};
}

Outcome after_failed_write(Error const& error) {
  // The cache knows the newer state already, unless a server had to tell: that one's watch wakes the object.
  bool const known = error.kind == ErrorKind::Conflict && error.status == 0;
  return known ? Outcome::soon() : Outcome::backoff();
}

bool is_blip(Error const& error) {
  Reaction const reaction = react(error);
  return reaction == Reaction::Transient || reaction == Reaction::Throttled;
}

bool says_ready(Conditions const& conditions, StoredObject const& object) {
  Condition const* const ready = find_condition(conditions, manifests::kReady);
  return ready != nullptr && ready->status == ConditionStatus::True &&
         ready->observed_generation == object.generation;
}

bool too_early(std::string const& next_look, std::int64_t setbacks, WallTime started, WallTime now) {
  if (next_look.empty()) return false;
  auto const at = parse_rfc3339(next_look);
  // As setback() computed it, to the second.
  return at && *at > now &&
         *at - surroundings_delay(setbacks - 1) >= std::chrono::floor<std::chrono::seconds>(started);
}

std::string stalled_because(StoredObject const& object) {
  Conditions const conditions = manifests::conditions_from_json(object.status.at("conditions"));
  Condition const* const stalled = find_condition(conditions, manifests::kStalled);
  bool const now = stalled != nullptr && stalled->status == ConditionStatus::True &&
                   stalled->observed_generation == object.generation;
  return now ? stalled->message : "";
}

void record_transition(ObjectStore& store, ObjectKey const& key, Conditions const& before,
                       Conditions const& after) {
  Condition const* const was = find_condition(before, manifests::kReady);
  Condition const* const is = find_condition(after, manifests::kReady);
  if (is == nullptr || (was != nullptr && was->status == is->status && was->reason == is->reason)) return;
  Condition const* const stalled = find_condition(after, manifests::kStalled);
  store.record({.about = key,
                .warning = stalled != nullptr && stalled->status == ConditionStatus::True,
                .reason = is->reason,
                .message = is->message});
}

}  // namespace trainyard::reconcilers
