#include "manifests/rules.hpp"

#include <set>

#include "controller/base/time_text.hpp"
#include "manifests/field_check.hpp"

namespace trainyard::manifests {

namespace {

/// The rules of one object; each member function is one sentence of the CRD's x-kubernetes-validations.
class Rules {
 public:
  Rules(std::string_view name, Json const& spec, std::vector<FieldError>& errors)
      : name_(name), spec_(spec), errors_(errors) {}

  void compute_target(Kind const& kind) {
    bool const local = spec_.find("local") != nullptr;
    bool const aml = spec_.find("amlCompute") != nullptr;
    if (local == aml) {
      add("spec", "",
          std::string(local ? "has two target blocks" : "has no target block") +
              "; give exactly one of local, amlCompute");
      return;
    }
    if (local) return local_target();
    if (spec_.find("workspace") == nullptr)
      add("spec.workspace", "", "is missing; give " + std::string(row(kind, "spec.workspace").expects));
    aml_compute(kind);
  }

  void training_run() {
    source();
    script_file();
    variables();
    retry_on();
    at_least_a_second("timeout");
    at_least_a_second("queueTimeout");
  }

 private:
  void local_target() {
    for (char const* const field : {"workspace", "name", "deletionPolicy", "driftPolicy", "replace"})
      if (Json const* const value = spec_.find(field))
        add(std::string("spec.") + field, shown(*value), "has no meaning for a local target; leave it out");
  }

  void aml_compute(Kind const& kind) {
    Json const& block = spec_.at("amlCompute");
    if (!block.is_object()) return;
    bool const create = block.find("create") != nullptr;
    if (create == (block.find("attach") != nullptr)) {
      add("spec.amlCompute", "",
          std::string(create ? "has both create and attach" : "has neither create nor attach") +
              "; give exactly one of create, attach");
      return;
    }
    Json const* const azure_name = spec_.find("name");
    if (!create && azure_name != nullptr)
      add("spec.name", shown(*azure_name),
          "has no meaning beside attach; give spec.amlCompute.attach.name alone");
    if (create && azure_name == nullptr && !name_.empty() &&
        !misfit(row(kind, "spec.name"), std::string(name_)).empty())
      add("metadata.name", std::string(name_),
          "cannot be the compute's name in Azure; give spec.name: " +
              std::string(row(kind, "spec.name").expects));
    Json const& least = block.at({"create", "minNodes"});
    Json const& most = block.at({"create", "maxNodes"});
    if (least.is_integer() && most.is_integer() && least.integer_or(0) > most.integer_or(0))
      add("spec.amlCompute.create.minNodes", shown(least),
          "is more than maxNodes, " + shown(most) + "; give at most that");
  }

  /// That a directory stays beneath the manifests' root is seen when it is resolved, whatever links say.
  void source() {
    Json const& source = spec_.at("source");
    if (!source.is_object()) return;
    std::string given;
    int count = 0;
    for (char const* const one : {"directory", "configMap", "git"})
      if (source.find(one) != nullptr) given += (count++ > 0 ? " and " : "") + std::string(one);
    if (count != 1)
      add("spec.source", "",
          (count == 0 ? "has neither directory nor configMap nor git" : "has " + given) +
              "; give exactly one of directory, configMap, git");
    std::string const path = source.text({"git", "path"});
    if (leaves(path))
      add("spec.source.git.path", shown(Json(path)),
          "leaves the repository; give a folder in it, such as training/src, without '..'");
    std::string const ref = source.text({"git", "ref"});
    if (ref.find("..") != std::string::npos)
      add("spec.source.git.ref", shown(Json(ref)),
          "is no name of a branch or tag; give one, or all 40 digits of a commit");
    std::string const directory = source.text("directory");
    if (directory.starts_with('/'))
      add("spec.source.directory", shown(Json(directory)),
          "is an absolute path; give a path from the manifest's own folder, such as src");
  }

  static bool leaves(std::string const& path) {
    return path.starts_with('/') || ("/" + path + "/").find("/../") != std::string::npos;
  }

  void script_file() {
    std::string const file = spec_.text({"script", "file"});
    if (leaves(file))
      add("spec.script.file", shown(Json(file)),
          "leaves the source; give a path within it, such as train.py, without '..'");
  }

  void variables() {
    std::set<std::string> names;
    Json::Array const& items = spec_.at({"environment", "variables"}).items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::string const name = items[i].text("name");
      std::string const path = "spec.environment.variables[" + std::to_string(i) + "].name";
      if (name.starts_with("AZUREML_") || name.starts_with("MLFLOW_"))
        add(path, shown(Json(name)),
            "is reserved: AZUREML_ and MLFLOW_ variables are set for the run; choose another name");
      if (!name.empty() && !names.insert(name).second)
        add(path, shown(Json(name)), "is given twice; keep one of the two");
    }
  }

  void retry_on() {
    std::set<std::string> classes;
    Json::Array const& items = spec_.at({"retry", "onFailure"}).items();
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].is_string() && !classes.insert(items[i].string_or("")).second)
        add("spec.retry.onFailure[" + std::to_string(i) + "]", shown(items[i]),
            "is given twice; keep one of the two");
    }
  }

  void at_least_a_second(std::string const& field) {
    Result<Duration> const duration = parse_duration(spec_.text(field));
    if (duration && *duration < std::chrono::seconds(1))
      add("spec." + field, spec_.text(field),
          "is no time at all; give 1s or more, or leave the field out for no limit");
  }

  void add(std::string const& path, std::string const& value, std::string const& problem) {
    errors_.push_back({.path = path, .value = value, .problem = problem, .place = {}});
  }

  std::string_view name_;
  Json const& spec_;
  std::vector<FieldError>& errors_;
};

}  // namespace

void check_rules(Kind const& kind, std::string_view name, Json const& spec, std::vector<FieldError>& errors) {
  Rules rules(name, spec, errors);
  if (kind.kind == "ComputeTarget") rules.compute_target(kind);
  if (kind.kind == "TrainingRun") rules.training_run();
}

void check_change_rules(Kind const& kind, Json const& before, Json const& after,
                        std::vector<FieldError>& errors) {
  if (kind.kind != "ComputeTarget") return;
  // A cluster that create made would be left behind, and paid for, when attach took its place.
  Json const& was = before.at("amlCompute");
  Json const& is = after.at("amlCompute");
  if (was.is_object() && is.is_object() && (was.find("create") == nullptr) != (is.find("create") == nullptr))
    errors.push_back(
        {.path = "spec.amlCompute",
         .value = "",
         .problem =
             "may not change between create and attach; delete this ComputeTarget, then apply the new one",
         .place = {}});
}

}  // namespace trainyard::manifests
