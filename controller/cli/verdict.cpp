#include "controller/cli/verdict.hpp"

#include "controller/base/text.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/table.hpp"
#include "manifests/condition.hpp"

namespace trainyard::cli {

namespace {

std::string counted(std::size_t count, std::string const& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

bool is_ready(StoredObject const& object, Row const& row) {
  return row.ready == "True" && !object.deleted_at &&
         object.status.at("observedGeneration").integer_or(0) == object.generation;
}

/// What a user can do about it. Messages carry their own remedy where the cause has one; this is for what has
/// not.
std::string next_step(StoredObject const& object) {
  Json const& status = object.status;
  std::string const again = status.text("nextLook");
  if (status.text("phase") == "Failed" && status.text("failureClass") == "UserCode")
    return "mend the script or its arguments: a change is trained again by itself";
  if (status.text("phase") == "Failed" || status.text("phase") == "Canceled")
    return "set the annotation trainyard.dev/restarted-at to train it again";
  if (!again.empty())
    return "mend the cause; it is tried again at " + again + ", and when what it refers to changes";
  return "mend what the message names: the change is taken in by itself";
}

std::string failure_of(StoredObject const& object, Row const& row) {
  std::string text = "  " + short_name(object.key) + "  " + row.state + ": " + row.progress + "\n";
  if (!object.status.at("exitCode").is_null())
    text += "    exit code: " + std::to_string(object.status.at("exitCode").integer_or(0)) + "\n";
  Json const& tail = object.status.at("logTail");
  if (!tail.items().empty()) text += "    last lines of its log:\n";
  for (Json const& line : tail.items()) text += "      " + one_line(line.string_or("")) + "\n";
  return text + "    next: " + next_step(object) + "\n";
}

std::string why_not_ready(StoredObject const& object) {
  manifests::Conditions const conditions = manifests::conditions_from_json(object.status.at("conditions"));
  manifests::Condition const* const ready = find_condition(conditions, manifests::kReady);
  return ready == nullptr ? "not looked at yet" : one_line(ready->message);
}

std::string deeds_text(Deeds const& deeds) {
  if (deeds.azure_writes == 0 && deeds.runs_started == 0)
    return "Nothing to do: nothing was written to Azure, and nothing was run.\n";
  return "Done this time: " + counted(static_cast<std::size_t>(deeds.runs_started), "run") + " started, " +
         counted(static_cast<std::size_t>(deeds.azure_writes), "write") + " to Azure.\n";
}

std::string look_further(std::vector<ObjectPtr> const& objects, StoredObject const* worst,
                         std::string const& flags) {
  StoredObject const* run = nullptr;
  for (ObjectPtr const& object : objects)
    if (object->key.kind == "TrainingRun" && !object->status.text("runName").empty() &&
        (run == nullptr || object->status.text("runPlace") == "local"))
      run = object.get();
  StoredObject const* const about = worst != nullptr ? worst : run != nullptr ? run : objects.front().get();
  std::string text = "Look further:\n  trainyard describe " + short_name(about->key) + flags + "\n";
  if (run != nullptr)
    text += "  trainyard logs " + short_name((about->key.kind == "TrainingRun" ? about : run)->key) + flags +
            "\n";
  return text + "  trainyard get -o wide" + flags + "\n";
}

}  // namespace

Verdict verdict_of(std::vector<ObjectPtr> const& objects, std::size_t problems, Deeds const& deeds,
                   bool settled, std::string const& folder_flags, WallTime now) {
  std::string const bad_manifests = counted(problems, "problem") + " in the manifests, told above; mend " +
                                    (problems == 1 ? "it" : "them") + " there.\n";
  if (objects.empty())
    return {.text = problems == 0 ? "There is nothing to do: no manifest declares anything.\n"
                                  : "There is nothing to do but to mend " + bad_manifests};
  std::vector<Row> rows;
  std::string metrics, failures, moving;
  std::size_t ready = 0, stuck = 0;
  StoredObject const* worst = nullptr;
  for (ObjectPtr const& object : objects) {
    Row const row = row_of(*object, now);
    rows.push_back(row);
    ready += is_ready(*object, row) ? 1 : 0;
    if (row.bad) {
      ++stuck;
      if (worst == nullptr || object->key.kind == "TrainingRun") worst = object.get();
      failures += failure_of(*object, row);
    } else if (!is_ready(*object, row)) {
      moving += "  " + short_name(object->key) + "  " + row.state + ": " + why_not_ready(*object) + "\n";
    }
    if (std::string const values = metrics_text(object->status.at("metrics"), 6); !values.empty())
      metrics += "  " + short_name(object->key) + "  " + values + "\n";
  }
  bool const good = ready == objects.size() && problems == 0;
  std::string text = "\n" + table_of(rows, 0);
  if (!metrics.empty()) text += "\nMetrics:\n" + metrics;
  if (!failures.empty()) text += "\nFailed:\n" + failures;
  if (!settled && !moving.empty()) text += "\nStill on its way:\n" + moving;
  text += "\n";
  if (problems > 0) text += bad_manifests;
  text += deeds_text(deeds) + look_further(objects, worst, folder_flags) + "\n";
  if (good)
    text += "Everything is ready: " + counted(objects.size(), "object") + ".\n";
  else
    text += std::string(settled ? "Not everything is ready: " : "Stopped before all was settled: ") +
            std::to_string(ready) + " of " + counted(objects.size(), "object") + " ready, " +
            std::to_string(stuck) + " stalled.\n";
  return {.text = text, .good = good};
}

}  // namespace trainyard::cli
