#include <array>

#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/mlflow.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kModels = "models";

Json pairs(Json const& map) {
  Json list = Json::array();
  for (auto const& [key, value] : map.members())
    list.push_back(Json::object({{"key", key}, {"value", value}}));
  return list;
}
Json map_of(Json const& pairs) {
  Json map = Json::object();
  for (Json const& pair : pairs.items()) map[pair.text("key")] = pair.at("value");
  return map;
}

class Registry {
 public:
  explicit Registry(Shared& shared) : shared_(shared) {}

  HttpResponse create_model(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name");
    if (name.empty())
      return mlflow_error(400, "INVALID_PARAMETER_VALUE", "Registered model name cannot be empty.");
    if (!shared_.assets->container(workspace, kModels, name).is_null())
      return mlflow_error(400, "RESOURCE_ALREADY_EXISTS",
                          "Registered Model (name=" + name + ") already exists.");
    shared_.assets->put(
        workspace, kModels, name, "",
        Json::object({{"description", call.body.at("description")}, {"tags", map_of(call.body.at("tags"))}}));
    return model(call, name);
  }
  HttpResponse get_model(Call const& call) { return model(call, named(call, "name")); }

  HttpResponse update_model(Call const& call) {
    return change_model(call,
                        [&](Json& properties) { properties["description"] = call.body.at("description"); });
  }
  HttpResponse tag_model(Call const& call) {
    return change_model(call, [&](Json& properties) { set_tag(properties, call.body); });
  }
  HttpResponse untag_model(Call const& call) {
    return change_model(call, [&](Json& properties) { properties["tags"].erase(call.body.text("key")); });
  }
  HttpResponse delete_model(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name");
    if (shared_.assets->container(workspace, kModels, name).is_null()) return no_model(name);
    shared_.assets->remove(workspace, kModels, name, "");
    return json_reply(200, Json::object());
  }

  HttpResponse search_models(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Json list = Json::array();
    for (std::string const& name : shared_.assets->names(workspace, kModels))
      list.push_back(show_model(workspace, name));
    return json_reply(200, Json::object({{"registered_models", std::move(list)}}));
  }

  HttpResponse latest_versions(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = named(call, "name");
    if (shared_.assets->container(workspace, kModels, name).is_null()) return no_model(name);
    return json_reply(200,
                      Json::object({{"model_versions", show_model(workspace, name).at("latest_versions")}}));
  }

  HttpResponse create_version(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name");
    Json const container = shared_.assets->container(workspace, kModels, name);
    if (container.is_null()) return no_model(name);
    std::string const version = container.text({"properties", "nextVersion"});
    std::string const run = call.body.text("run_id");
    Json sent = Json::object({{"modelUri", call.body.at("source")},
                              {"modelType", "mlflow_model"},
                              {"description", call.body.at("description")},
                              {"tags", map_of(call.body.at("tags"))},
                              {"jobName", run.empty() ? Json() : Json(run)}});
    shared_.assets->put(workspace, kModels, name, version, sent);
    return version_reply(call, name, version);
  }
  HttpResponse get_version(Call const& call) {
    return version_reply(call, named(call, "name"), named(call, "version"));
  }
  HttpResponse update_version(Call const& call) {
    return change_version(call,
                          [&](Json& properties) { properties["description"] = call.body.at("description"); });
  }
  HttpResponse stage_version(Call const& call) {
    return change_version(call, [&](Json& properties) { properties["stage"] = call.body.at("stage"); });
  }
  HttpResponse tag_version(Call const& call) {
    return change_version(call, [&](Json& properties) { set_tag(properties, call.body); });
  }
  HttpResponse untag_version(Call const& call) {
    return change_version(call, [&](Json& properties) { properties["tags"].erase(call.body.text("key")); });
  }
  HttpResponse delete_version(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name"), version = call.body.text("version");
    if (shared_.assets->properties(workspace, kModels, name, version).is_null())
      return no_version(name, version);
    shared_.assets->remove(workspace, kModels, name, version);
    return json_reply(200, Json::object());
  }
  HttpResponse download_uri(Call const& call) {
    Json const properties = shared_.assets->properties(shared_.workspace(call), kModels, named(call, "name"),
                                                       named(call, "version"));
    if (properties.is_null()) return no_version(named(call, "name"), named(call, "version"));
    return json_reply(200, Json::object({{"artifact_uri", properties.at("modelUri")}}));
  }

  HttpResponse search_versions(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    // name='x' is what clients ask.
    std::string const filter = call.url.parameter("filter").value_or("");
    std::size_t const open = filter.find('\''), close = filter.rfind('\'');
    std::string const wanted = open == close ? "" : filter.substr(open + 1, close - open - 1);
    Json list = Json::array();
    for (std::string const& name : shared_.assets->names(workspace, kModels))
      if (wanted.empty() || same_name(name, wanted)) {
        Json const versions = shared_.assets->versions(workspace, kModels, name);
        for (Json const& item : versions.items()) list.push_back(show_version(name, item));
      }
    return json_reply(200, Json::object({{"model_versions", std::move(list)}}));
  }

 private:
  static std::string named(Call const& call, std::string_view name) {
    return call.request.method == "GET" && call.body.is_null() ? call.url.parameter(name).value_or("")
                                                               : call.body.text(name);
  }
  static HttpResponse no_model(std::string const& name) {
    return mlflow_error(404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=" + name + " not found");
  }
  static HttpResponse no_version(std::string const& name, std::string const& version) {
    return mlflow_error(404, "RESOURCE_DOES_NOT_EXIST",
                        "Model Version (name=" + name + ", version=" + version + ") not found");
  }

  static void set_tag(Json& properties, Json const& pair) {
    if (!properties.at("tags").is_object()) properties["tags"] = Json::object();
    properties["tags"][pair.text("key")] = pair.at("value");
  }
  HttpResponse change_model(Call const& call, std::function<void(Json&)> const& change) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name");
    Json const container = shared_.assets->container(workspace, kModels, name);
    if (container.is_null()) return no_model(name);
    Json properties = container.at("properties");
    change(properties);
    shared_.assets->put(workspace, kModels, name, "", properties);
    return model(call, name);
  }
  HttpResponse change_version(Call const& call, std::function<void(Json&)> const& change) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.body.text("name"), version = call.body.text("version");
    Json properties = shared_.assets->properties(workspace, kModels, name, version);
    if (properties.is_null()) return no_version(name, version);
    change(properties);
    shared_.assets->put(workspace, kModels, name, version, properties);
    return version_reply(call, name, version);
  }

  HttpResponse model(Call const& call, std::string const& name) {
    Workspace const& workspace = shared_.workspace(call);
    if (shared_.assets->container(workspace, kModels, name).is_null()) return no_model(name);
    return json_reply(200, Json::object({{"registered_model", show_model(workspace, name)}}));
  }
  HttpResponse version_reply(Call const& call, std::string const& name, std::string const& version) {
    Json const versions = shared_.assets->versions(shared_.workspace(call), kModels, name);
    for (Json const& item : versions.items())
      if (same_name(item.text("name"), version))
        return json_reply(200, Json::object({{"model_version", show_version(name, item)}}));
    return no_version(name, version);
  }

  [[nodiscard]] Json show_model(Workspace const& workspace, std::string const& name) const {
    Json const container = shared_.assets->container(workspace, kModels, name);
    Json const versions = shared_.assets->versions(workspace, kModels, name);
    Json latest = Json::array();
    if (!versions.items().empty()) latest.push_back(show_version(name, versions.items().front()));
    return Json::object({{"name", container.at("name")},
                         {"description", container.text({"properties", "description"})},
                         {"tags", pairs(container.at({"properties", "tags"}))},
                         {"latest_versions", std::move(latest)}});
  }
  [[nodiscard]] static Json show_version(std::string const& name, Json const& item) {
    Json const& properties = item.at("properties");
    std::string const stage = properties.text("stage");
    return Json::object({{"name", name},
                         {"version", item.at("name")},
                         {"description", properties.text("description")},
                         {"current_stage", stage == "Development" ? "None" : stage},
                         {"source", properties.at("modelUri")},
                         {"run_id", properties.text("jobName")},
                         {"status", "READY"},
                         {"tags", pairs(properties.at("tags"))}});
  }

  Shared& shared_;
};

struct Row {
  char const *method, *call;
  HttpResponse (Registry::*serve)(Call const&);
};
constexpr std::array kCalls{Row{"POST", "registered-models/create", &Registry::create_model},
                            Row{"PATCH", "registered-models/update", &Registry::update_model},
                            Row{"POST", "registered-models/set-tag", &Registry::tag_model},
                            Row{"DELETE", "registered-models/delete-tag", &Registry::untag_model},
                            Row{"DELETE", "registered-models/delete", &Registry::delete_model},
                            Row{"GET", "registered-models/get", &Registry::get_model},
                            Row{"GET", "registered-models/search", &Registry::search_models},
                            Row{"POST", "registered-models/get-latest-versions", &Registry::latest_versions},
                            Row{"GET", "registered-models/get-latest-versions", &Registry::latest_versions},
                            Row{"POST", "model-versions/create", &Registry::create_version},
                            Row{"PATCH", "model-versions/update", &Registry::update_version},
                            Row{"POST", "model-versions/transition-stage", &Registry::stage_version},
                            Row{"POST", "model-versions/set-tag", &Registry::tag_version},
                            Row{"DELETE", "model-versions/delete-tag", &Registry::untag_version},
                            Row{"DELETE", "model-versions/delete", &Registry::delete_version},
                            Row{"GET", "model-versions/get", &Registry::get_version},
                            Row{"GET", "model-versions/get-download-uri", &Registry::download_uri},
                            Row{"GET", "model-versions/search", &Registry::search_versions}};

}  // namespace

void add_mlflow_registry(Shared& shared, std::vector<Operation>& operations) {
  auto const registry = std::make_shared<Registry>(shared);
  for (Row const& row : kCalls)
    add_mlflow_call(operations, row.method, row.call,
                    [registry, serve = row.serve](Call const& call) { return ((*registry).*serve)(call); });
}

}  // namespace trainyard::azsim
