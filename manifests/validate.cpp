#include <algorithm>

#include "manifests/field_check.hpp"
#include "manifests/kinds.hpp"
#include "manifests/rules.hpp"

namespace trainyard::manifests {

namespace {

/// An object's own name is a label, as what refers to it says: the reference's row is the rule.
std::string name_misfit(std::string_view name) {
  Field const label{.path = "metadata.name",
                    .type = "string",
                    .required = true,
                    .pattern = row(*find_kind("TrainingRun"), "spec.computeTarget").pattern,
                    .least = 1,
                    .most = 63,
                    .expects = "a name of lower-case letters, digits and '-', such as fit-local"};
  return misfit(label, std::string(name));
}

/// The value that counts: the default where nothing is written.
Json effective(Field const& field, Json const& spec) {
  std::string_view const leaf = field.path.substr(std::string_view("spec.").size());
  if (Json const* const value = spec.find(leaf)) return *value;
  if (field.default_value.empty()) return nullptr;
  Result<Json> value = Json::parse(field.default_value);
  check(value.has_value(), "a default that is no JSON");
  return *std::move(value);
}

}  // namespace

std::vector<FieldError> validate(std::string_view kind_name, std::string_view name, Json const& spec) {
  std::vector<FieldError> errors;
  Kind const* const kind = find_kind(kind_name);
  check(kind != nullptr, "validate: a kind that is not ours");
  if (std::string const problem = name_misfit(name); !problem.empty())
    errors.push_back({.path = "metadata.name", .value = shown(Json(name)), .problem = problem, .place = {}});
  if (!spec.is_object()) {
    errors.push_back({.path = "spec",
                      .value = "",
                      .problem = "must be an object with the fields of a " + std::string(kind->kind),
                      .place = {}});
    return errors;
  }
  check_fields(*kind, spec, errors);
  check_rules(*kind, name, spec, errors);
  return errors;
}

std::vector<FieldError> validate_change(std::string_view kind_name, Json const& before, Json const& after) {
  std::vector<FieldError> errors;
  Kind const* const kind = find_kind(kind_name);
  check(kind != nullptr, "validate_change: a kind that is not ours");
  for (Field const& field : kind->fields) {
    if (!field.immutable) continue;
    Json const was = effective(field, before);
    Json const is = effective(field, after);
    if (was == is) continue;
    auto const words = [](Json const& value) {
      return value.is_null() ? std::string("nothing") : "'" + shown(value) + "'";
    };
    errors.push_back({.path = std::string(field.path),
                      .value = shown(is),
                      .problem = "may not change, it was " + words(was) + "; put that back, or delete this " +
                                 std::string(kind->kind) + " and then apply the new one",
                      .place = {}});
  }
  check_change_rules(*kind, before, after, errors);
  return errors;
}

std::string to_string(FieldError const& error, std::string_view file) {
  std::string text(file);
  if (error.place.line > 0)
    text += ":" + std::to_string(error.place.line) + ":" + std::to_string(error.place.column);
  if (!text.empty()) text += ": ";
  if (!error.path.empty()) text += error.path + ": ";
  if (!error.value.empty()) text += "'" + error.value + "' ";
  return text + error.problem;
}

}  // namespace trainyard::manifests
