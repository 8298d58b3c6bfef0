#include "tests/azsim/assets_kinds.hpp"

#include <array>

#include "controller/base/yaml.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kShort = "azureml://datastores/", kJobs = "azureml://jobs/", kRuns = "runs:/";

/// The four that every asset has, in the service's order.
Json common(Json const& sent) {
  Json tags = sent.at("tags"), properties = sent.at("properties");
  return Json::object({{"description", sent.at("description")},
                       {"tags", tags.is_null() ? Json::object() : std::move(tags)},
                       {"properties", properties.is_null() ? Json::object() : std::move(properties)},
                       {"isArchived", sent.at("isArchived").bool_or(false)}});
}

Json or_else(Json const& value, Json other) { return value.is_null() ? std::move(other) : value; }

/// azureml://datastores/.. in the form that names its workspace; others as they are.
std::string long_uri(Workspace const& workspace, std::string const& uri, std::string_view groups) {
  if (!uri.starts_with(kShort)) return uri;
  std::size_t const subscription_end = workspace.id.find('/', std::string_view("/subscriptions/").size());
  return "azureml:/" + workspace.id.substr(0, subscription_end) + "/" + std::string(groups) + "/" +
         workspace.group + "/workspaces/" + workspace.name + uri.substr(std::string_view("azureml:/").size());
}

bool since(std::string_view api_version, std::string_view first) { return api_version >= first; }
bool preview(std::string_view api_version) { return api_version.ends_with("-preview"); }

// --- codes

Json kept_code(Workspace const&, Json const& sent) {
  Json kept = common(sent);
  kept["isAnonymous"] = false;  // whatever was sent
  kept["codeUri"] = sent.at("codeUri");
  return kept;
}

void show_code(Workspace const&, std::string_view api_version, bool, Json& properties) {
  if (since(api_version, "2023-04-01")) properties["provisioningState"] = "Succeeded";
}

// --- environments

/// The service gives the YAML text back as pretty-printed JSON.
std::string conda_as_json(std::string const& text) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  if (text.empty() || !documents || documents->size() != 1) return text;
  return documents->front().value.dump_pretty();
}

Json kept_environment(Workspace const&, Json const& sent) {
  Json kept = common(sent);
  kept["isAnonymous"] = sent.at("isAnonymous").bool_or(false);
  kept["environmentType"] = "UserCreated";
  if (sent.find("image") != nullptr) kept["image"] = sent.at("image");
  kept["condaFile"] = conda_as_json(sent.text("condaFile"));
  if (Json const* const build = sent.find("build"); build != nullptr && build->is_object()) {
    kept["build"] = *build;
    if (build->text("dockerfilePath").empty()) kept["build"]["dockerfilePath"] = "Dockerfile";
  }
  kept["osType"] = or_else(sent.at("osType"), "Linux");
  for (char const* field : {"inferenceConfig", "stage", "autoRebuild"})
    if (!sent.at(field).is_null()) kept[field] = sent.at(field);
  return kept;
}

void show_environment(Workspace const&, std::string_view api_version, bool, Json& properties) {
  Json const stage = properties.at("stage"), rebuild = properties.at("autoRebuild");
  properties.erase("stage");
  properties.erase("autoRebuild");
  if (!since(api_version, "2023-04-01")) return;
  bool const anonymous = properties.at("isAnonymous").bool_or(false);
  properties["autoRebuild"] = or_else(rebuild, "Disabled");
  properties["provisioningState"] = "Succeeded";
  properties["stage"] = or_else(stage, anonymous ? "Logged" : "Development");
  if (!preview(api_version)) return;
  properties["intellectualProperty"] = nullptr;
  properties["autoDeleteSetting"] = nullptr;
}

// --- data

}  // namespace

std::string data_type(Json const& sent) {
  std::string given = lower(sent.text("dataType"));
  std::erase(given, '_');
  if (given == "urifile") return "uri_file";
  return given == "mltable" ? "mltable" : "uri_folder";
}

namespace {

Json kept_data(Workspace const& workspace, Json const& sent) {
  Json kept = common(sent);
  std::string const type = data_type(sent);
  std::string uri = long_uri(workspace, sent.text("dataUri"), "resourcegroups");
  if (type != "uri_file" && !uri.ends_with('/')) uri += '/';
  kept["isAnonymous"] = false;  // whatever was sent
  kept["dataUri"] = uri;
  kept["dataType"] = type;
  if (type == "mltable") kept["referencedUris"] = or_else(sent.at("referencedUris"), Json::array());
  if (!sent.at("stage").is_null()) kept["stage"] = sent.at("stage");
  return kept;
}

void show_data(Workspace const& workspace, std::string_view api_version, bool in_list, Json& properties) {
  Json const stage = properties.at("stage");
  properties.erase("stage");
  if (in_list) {
    std::string const uri = properties.text("dataUri");
    std::string const own = long_uri(workspace, std::string(kShort), "resourcegroups");
    if (uri.starts_with(own))
      properties["dataUri"] =
          "azureml://workspaces/" + workspace.guid + "/datastores/" + uri.substr(own.size());
  }
  if (!since(api_version, "2023-04-01") || !preview(api_version)) return;
  properties["autoDeleteSetting"] = nullptr;
  properties["intellectualProperty"] = nullptr;
  properties["stage"] = stage;
}

// --- models

struct FromJob {
  std::string job, path;
};
/// azureml://jobs/{job}/outputs/artifacts/paths/{path} and runs:/{job}/{path}.
std::optional<FromJob> artifact_of_job(std::string_view uri) {
  constexpr std::string_view kArtifacts = "/outputs/artifacts/paths/";
  if (uri.starts_with(kRuns)) {
    uri.remove_prefix(kRuns.size());
    std::size_t const slash = std::min(uri.find('/'), uri.size());
    return FromJob{std::string(uri.substr(0, slash)),
                   std::string(uri.substr(std::min(slash + 1, uri.size())))};
  }
  std::size_t const at = uri.find(kArtifacts);
  if (!uri.starts_with(kJobs) || at == std::string_view::npos) return std::nullopt;
  return FromJob{std::string(uri.substr(kJobs.size(), at - kJobs.size())),
                 std::string(uri.substr(at + kArtifacts.size()))};
}

Json kept_model(Workspace const& workspace, Json const& sent) {
  Json kept = common(sent);
  std::string uri = sent.text("modelUri");
  Json job;
  if (std::optional<FromJob> const from = artifact_of_job(uri)) {
    job = from->job;
    uri.assign(kShort).append("workspaceartifactstore/paths/ExperimentRun/dcid.");
    uri.append(from->job).append("/").append(from->path);
  }
  uri = long_uri(workspace, uri, "resourceGroups");
  constexpr std::string_view kLower = "/resourcegroups/", kCamel = "/resourceGroups/";
  if (std::size_t const at = uri.find(kLower); at != std::string::npos)
    uri.replace(at, kLower.size(), kCamel);
  kept["isAnonymous"] = sent.at("isAnonymous").bool_or(false);
  kept["flavors"] = or_else(sent.at("flavors"), Json::object());
  kept["modelType"] = or_else(sent.at("modelType"), "custom_model");
  kept["modelUri"] = uri;
  kept["jobName"] = or_else(sent.at("jobName"), std::move(job));
  if (!sent.at("stage").is_null()) kept["stage"] = sent.at("stage");
  return kept;
}

void show_model(Workspace const&, std::string_view api_version, bool, Json& properties) {
  Json const stage = properties.at("stage");
  properties.erase("stage");
  if (!since(api_version, "2023-04-01")) return;
  properties["provisioningState"] = "Succeeded";
  properties["stage"] = or_else(stage, "Development");
  if (!preview(api_version)) return;
  properties["autoDeleteSetting"] = nullptr;
  properties["intellectualProperty"] = nullptr;
}

constexpr AssetKind kCodes{"codes", "codeUri", false, false, false, kept_code, show_code};
constexpr AssetKind kEnvironments{"environments", "", true, true, false, kept_environment, show_environment};
constexpr AssetKind kData{"data", "dataUri", false, false, true, kept_data, show_data};
constexpr AssetKind kModels{"models", "modelUri", false, false, false, kept_model, show_model};
constexpr std::array kAll{&kCodes, &kEnvironments, &kData, &kModels};

}  // namespace

AssetKind const* find_asset_kind(std::string_view name) {
  for (AssetKind const* kind : kAll)
    if (kind->name == name) return kind;
  return nullptr;
}

std::vector<AssetKind const*> asset_kinds() { return {kAll.begin(), kAll.end()}; }

}  // namespace trainyard::azsim
