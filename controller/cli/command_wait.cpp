#include <iostream>

#include "controller/base/time_text.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/state_changes.hpp"
#include "manifests/condition.hpp"

namespace trainyard::cli {

namespace {

/// What --for says.
struct Goal {
  enum class What { Condition, Phase, Delete } what = What::Condition;
  std::string type = "Ready", status = "True";  // of a condition
  std::string phase = {};
};

Result<Goal> parse_goal(std::string const& text) {
  std::size_t const equals = text.find('=');
  std::string const what = text.substr(0, equals);
  std::string const value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (text == "delete") return Goal{.what = Goal::What::Delete};
  if (what == "phase" && !value.empty()) return Goal{.what = Goal::What::Phase, .phase = value};
  if (what == "condition" && !value.empty()) {
    Goal goal;
    std::size_t const second = value.find('=');
    goal.type = value.substr(0, second);
    if (second != std::string::npos) goal.status = value.substr(second + 1);
    if (goal.status == "True" || goal.status == "False" || goal.status == "Unknown") return goal;
  }
  return usage_error("--for: '" + text +
                     "' is none of condition=TYPE[=True|False|Unknown], phase=PHASE and delete; write "
                     "--for=condition=Ready");
}

bool holds(StoredObject const& object, std::string_view type, std::string_view status) {
  if (object.status.at("observedGeneration").integer_or(0) != object.generation)
    return false;  // of an older spec
  for (Json const& condition : object.status.at("conditions").items())
    if (condition.text("type") == type) return condition.text("status") == status;
  return status == "Unknown";
}

bool reached(Goal const& goal, StoredObject const* object) {
  switch (goal.what) {
    case Goal::What::Delete:
      return object == nullptr;
    case Goal::What::Phase:
      return object != nullptr && object->status.text("phase") == goal.phase;
    case Goal::What::Condition:
      return object != nullptr && holds(*object, goal.type, goal.status);
  }
  return false;
}

/// Why the goal will not be reached unless somebody acts; "" while it may be.
std::string hopeless(Goal const& goal, StoredObject const* object) {
  if (goal.what == Goal::What::Delete) return "";
  if (object == nullptr) return "it is not there; trainyard get shows what is";
  bool const stalled = holds(*object, manifests::kStalled, "True");
  if (!stalled || !object->status.text("nextLook").empty()) return "";
  for (Json const& condition : object->status.at("conditions").items())
    if (condition.text("type") == manifests::kStalled) return "it is stalled: " + condition.text("message");
  return "";
}

}  // namespace

int wait(Parsed const& parsed) {
  Result<ObjectKey> const key = parse_key(parsed.words().front(), parsed.get("namespace", "default"));
  if (!key) return fail(key.error());
  Result<Goal> const goal = parse_goal(parsed.get("for", "condition=Ready"));
  if (!goal) return fail(goal.error());
  Result<Duration> const timeout = parsed.duration("timeout", std::chrono::minutes(10));
  if (!timeout) return fail(timeout.error());
  Result<FolderReader> const folder = FolderReader::open(parsed);
  if (!folder) return fail(folder.error());

  SteadyTime const deadline = folder->clock().steady() + *timeout;
  StateChanges changes(folder_of(parsed).state, folder->clock());
  for (;;) {
    Result<ObjectPtr> const object = folder->objects().get(*key);
    if (!object) return fail(object.error());
    if (reached(*goal, object->get())) break;
    if (std::string const why = hopeless(*goal, object->get()); !why.empty())
      return fail(
          {.kind = ErrorKind::NotFound, .reason = "Hopeless", .message = short_name(*key) + ": " + why});
    if (folder->clock().steady() >= deadline)
      return fail({.kind = ErrorKind::Canceled,
                   .reason = "Timeout",
                   .message = short_name(*key) + ": not so after " + to_duration_text(*timeout) +
                              "; see trainyard describe " + short_name(*key) + folder_flags(parsed)});
    changes.wait(deadline);
  }
  std::cout << short_name(*key) << ": " << parsed.get("for", "condition=Ready") << "\n";
  return kExitOk;
}

}  // namespace trainyard::cli
