#include "tests/azsim/jobs_outputs.hpp"

#include "tests/azsim/asset_ids.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kArtifacts = "default";

struct Place {
  std::string store, path;
};

std::optional<Place> place_of(std::string const& job, std::string const& output, Json const& declared) {
  constexpr std::string_view kScheme = "azureml://", kStores = "/datastores/", kPaths = "/paths/";
  std::string const uri = declared.text("uri");
  Place place{"workspaceblobstore", "azureml/" + job + "/" + output};
  if (!uri.empty()) {
    std::size_t const stores = uri.find(kStores), paths = uri.find(kPaths);
    if (!uri.starts_with(kScheme) || stores == std::string::npos || paths == std::string::npos)
      return std::nullopt;
    std::size_t const store = stores + kStores.size();
    if (paths < store) return std::nullopt;
    place = {uri.substr(store, paths - store), uri.substr(paths + kPaths.size())};
  }
  bool const file = declared.text("jobOutputType") == "uri_file";
  if (!file && !place.path.ends_with('/')) place.path += '/';
  return place;
}

bool is_model(std::string_view type) { return type.ends_with("_model"); }

/// The name that the user gave, or the service's own.
std::string asset_name(std::string const& job, std::string const& output, Json const& declared) {
  if (std::string given = declared.text("assetName"); !given.empty()) return given;
  return "azureml_" + job + (is_model(declared.text("jobOutputType")) ? "_output_" : "_output_data_") +
         output;
}

}  // namespace

std::vector<JobOutput> named_outputs(Json const& properties) {
  std::vector<JobOutput> named;
  for (auto const& [name, declared] : properties.at("outputs").members())
    if (name != kArtifacts) named.push_back({name, declared.text("jobOutputType") == "uri_file"});
  return named;
}

void keep_output(Shared& shared, Workspace const& workspace, std::string const& job, Json const& properties,
                 std::string const& output, std::vector<JobFile> const& files) {
  std::optional<Place> const place = place_of(job, output, properties.at({"outputs", output}));
  if (!place) return;
  std::optional<std::string> const container = shared.datastores->container(workspace, place->store);
  if (!container) return;
  std::string const account = shared.datastores->properties(workspace, place->store).text("accountName");
  for (JobFile const& file : files)
    shared.blobs->put(account, *container, place->path + file.path, file.content);
}

Json register_outputs(Shared& shared, Workspace const& workspace, std::string const& job,
                      Json const& properties) {
  Json registered = Json::object();
  for (JobOutput const& output : named_outputs(properties)) {
    Json const& declared = properties.at({"outputs", output.name});
    std::optional<Place> const place = place_of(job, output.name, declared);
    if (!place) continue;
    std::string const type = declared.text("jobOutputType"),
                      uri = "azureml://datastores/" + place->store + "/paths/" + place->path;
    std::string const kind = is_model(type) ? "models" : "data",
                      name = asset_name(job, output.name, declared);
    std::string version = declared.text("assetVersion");
    if (version.empty()) {
      version = shared.assets->container(workspace, kind, name).text({"properties", "nextVersion"});
      if (version.empty()) version = "1";
    }
    // A version's address cannot be changed.
    if (!shared.assets->properties(workspace, kind, name, version).is_null()) continue;
    shared.assets->put(workspace, kind, name, version,
                       kind == "models"
                           ? Json::object({{"modelType", type}, {"modelUri", uri}, {"jobName", job}})
                           : Json::object({{"dataType", type}, {"dataUri", uri}}));
    registered[output.name] = Json::object(
        {{"assetId", asset_id(workspace, kind, name, version)}, {"type", data_plane_type(type)}});
  }
  return registered;
}

}  // namespace trainyard::azsim
