#include "manifests/training_run.hpp"

#include <cmath>

#include "controller/base/encoding.hpp"
#include "manifests/json_fields.hpp"

namespace trainyard::manifests {

namespace {

constexpr Words<ReadyWhen, 3> kReadyWhen{{{"Submitted", ReadyWhen::Submitted},
                                          {"Running", ReadyWhen::Running},
                                          {"Completed", ReadyWhen::Completed}}};
constexpr Words<OnChange, 2> kOnChange{{{"Rerun", OnChange::Rerun}, {"Ignore", OnChange::Ignore}}};
constexpr std::array kRetriedByDefault{"Preempted", "Capacity", "Platform"};

/// One row for each text, so that reading and writing cannot differ.
constexpr std::array<std::pair<std::string_view, std::string Attempt::*>, 7> kAttemptTexts{
    {{"name", &Attempt::name},
     {"place", &Attempt::place},
     {"revision", &Attempt::revision},
     {"outcome", &Attempt::outcome},
     {"reason", &Attempt::reason},
     {"startedAt", &Attempt::started_at},
     {"endedAt", &Attempt::ended_at}}};
constexpr std::array<std::pair<std::string_view, std::string TrainingRunStatus::*>, 16> kStatusTexts{
    {{"phase", &TrainingRunStatus::phase},
     {"revision", &TrainingRunStatus::revision},
     {"runName", &TrainingRunStatus::run_name},
     {"runPlace", &TrainingRunStatus::run_place},
     {"compute", &TrainingRunStatus::compute},
     {"link", &TrainingRunStatus::link},
     {"submittedAt", &TrainingRunStatus::submitted_at},
     {"startedAt", &TrainingRunStatus::started_at},
     {"endedAt", &TrainingRunStatus::ended_at},
     {"failureClass", &TrainingRunStatus::failure_class},
     {"failureMessage", &TrainingRunStatus::failure_message},
     {"sourceDigest", &TrainingRunStatus::source_digest},
     {"sourceCommit", &TrainingRunStatus::source_commit},
     {"sourceAsked", &TrainingRunStatus::source_asked},
     {"lastHandledReconcileAt", &TrainingRunStatus::last_handled_reconcile_at},
     {"nextLook", &TrainingRunStatus::next_look}}};

Json to_json(Attempt const& attempt) {
  Json json = Json::object({{"attempt", attempt.attempt}});
  for (auto const& [name, text] : kAttemptTexts) put_text(json, name, attempt.*text);
  return json;
}

Attempt attempt_from_json(Json const& json) {
  Attempt attempt{.attempt = count_of(json, "attempt")};
  for (auto const& [name, text] : kAttemptTexts) attempt.*text = json.text(name);
  return attempt;
}

/// JSON has no NaN and no infinity; MLflow writes them as these words, and a diverged loss must be seen.
Json metric_to_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

double metric_from_json(Json const& json) {
  if (!json.is_string()) return json.number_or(0);
  std::string const word = json.string_or("");
  if (word == "Infinity") return HUGE_VAL;
  return word == "-Infinity" ? -HUGE_VAL : std::nan("");
}

}  // namespace

TrainingRunSpec training_run_spec_from_json(Json const& spec) {
  Json const& environment = spec.at("environment");
  TrainingRunSpec run{
      .compute_target = spec.text("computeTarget"),
      .experiment = spec.text("experiment"),
      .source_directory = spec.text({"source", "directory"}),
      .source_config_map = spec.text({"source", "configMap", "name"}),
      .source_git_url = spec.text({"source", "git", "url"}),
      .source_git_ref = spec.text({"source", "git", "ref"}),
      .source_git_path = spec.text({"source", "git", "path"}),
      .source_git_secret = spec.text({"source", "git", "secretRef", "name"}),
      .script_file = spec.text({"script", "file"}),
      .arguments = texts_of(spec.at({"script", "arguments"})),
      .interpreter_path = environment.text("interpreterPath"),
      .docker_image = environment.text({"docker", "image"}),
      .retry_limit = spec.at({"retry", "limit"}).integer_or(0),
      .retry_on = {kRetriedByDefault.begin(), kRetriedByDefault.end()},
      .timeout = duration_of(spec, "timeout"),
      .queue_timeout = duration_of(spec, "queueTimeout"),
      .suspend = spec.at("suspend").bool_or(false),
      .ready_when = enum_of(kReadyWhen, spec.text("readyWhen")).value_or(ReadyWhen::Completed),
      .on_change = enum_of(kOnChange, spec.text("onChange")).value_or(OnChange::Rerun)};
  for (Json const& variable : environment.at("variables").items())
    run.variables.emplace_back(variable.text("name"), variable.text("value"));
  if (Json const& on = spec.at({"retry", "onFailure"}); on.is_array()) run.retry_on = texts_of(on);
  return run;
}

Json to_json(TrainingRunStatus const& status) {
  Json json = Json::object({{"observedGeneration", status.observed_generation},
                            {"conditions", to_json(status.conditions)},
                            {"attempt", status.attempt}});
  for (auto const& [name, text] : kStatusTexts) put_text(json, name, status.*text);
  if (status.seen) json["seen"] = true;
  for (RunDoubt const& doubt : status.doubts)
    json["doubts"].push_back(Json::object({{"name", doubt.name}, {"place", doubt.place}, {"at", doubt.at}}));
  put_texts(json, "finished", status.finished);
  for (Attempt const& attempt : status.history) json["history"].push_back(to_json(attempt));
  for (auto const& [name, value] : status.metrics) json["metrics"][name] = metric_to_json(value);
  if (status.exit_code) json["exitCode"] = *status.exit_code;
  put_texts(json, "logTail", status.log_tail);
  put_count(json, "setbacks", status.setbacks);
  return json;
}

TrainingRunStatus training_run_status_from_json(Json const& status) {
  TrainingRunStatus result{.observed_generation = count_of(status, "observedGeneration"),
                           .conditions = conditions_from_json(status.at("conditions")),
                           .attempt = count_of(status, "attempt"),
                           .seen = status.at("seen").bool_or(false),
                           .finished = texts_of(status.at("finished")),
                           .log_tail = texts_of(status.at("logTail")),
                           .setbacks = count_of(status, "setbacks")};
  for (auto const& [name, text] : kStatusTexts) result.*text = status.text(name);
  for (Json const& item : status.at("doubts").items())
    result.doubts.push_back({.name = item.text("name"), .place = item.text("place"), .at = item.text("at")});
  for (Json const& item : status.at("history").items()) result.history.push_back(attempt_from_json(item));
  for (auto const& [name, value] : status.at("metrics").members())
    result.metrics[name] = metric_from_json(value);
  if (Json const& code = status.at("exitCode"); code.is_integer()) result.exit_code = code.integer_or(0);
  return result;
}

std::string training_run_revision(Json const& spec_as_written, RevisionInputs const& inputs) {
  // What is not written is not in the digest: a field added later changes no revision of those who do not use
  // it.
  Json what = Json::object(
      {{"compute", Json::object({{"name", inputs.compute_name}, {"workspace", inputs.workspace_id}})},
       {"source", Json::object({{"digest", inputs.source_digest}})}});
  for (std::string_view const field : {"script", "environment"})
    if (Json const* const value = spec_as_written.find(field)) what[field] = *value;
  put_text(what, "restart", inputs.restart);
  return "r1:" + hex(sha256(what.canonical()));
}

}  // namespace trainyard::manifests
