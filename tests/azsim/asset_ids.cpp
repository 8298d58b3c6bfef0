// Source: sheet 3, section 5; azure-ai-ml (what it asks of models, and how it reads the answer).
#include "tests/azsim/asset_ids.hpp"

namespace trainyard::azsim {
namespace {

class AssetIds final : public Service {
 public:
  explicit AssetIds(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    std::string const ws(kWorkspacePattern);
    auto const add = [&](char const* name, std::string pattern,
                         HttpResponse (AssetIds::*serve)(Call const&)) {
      operations.push_back({.name = name,
                            .method = "POST",
                            .pattern = std::move(pattern),
                            .door = Operation::Door::DataPlane,
                            .handler = [this, serve](Call const& call) { return (this->*serve)(call); }});
    };
    add("data.resolve", "/data/v1.0" + ws + "/dataversion/batchGetResolvedUris", &AssetIds::data);
    add("models.resolve", "/modelregistry/v1.0" + ws + "/models/batchGetResolvedUris", &AssetIds::models);
  }
  [[nodiscard]] Json snapshot() const override { return {}; }
  Result<Done> restore(Json const&) override { return Done{}; }

 private:
  /// The properties of the version with that id; null if this workspace has none.
  [[nodiscard]] Json find(Workspace const& workspace, std::string_view kind, std::string const& id) const {
    constexpr std::string_view kVersions = "/versions/";
    std::string const containers = asset_id(workspace, kind, "", "");
    std::size_t const versions = id.rfind(kVersions);
    if (!id.starts_with(containers) || versions == std::string::npos || versions < containers.size())
      return {};
    return shared_.assets->properties(workspace, kind,
                                      id.substr(containers.size(), versions - containers.size()),
                                      id.substr(versions + kVersions.size()));
  }

  /// An id that is not known is not in the answer.
  HttpResponse resolved(Call const& call, std::string_view kind, Json (*place)(Json const&)) const {
    Json places = Json::object();
    for (Json const& id : call.body.at("values").items())
      if (Json const properties = find(shared_.workspace(call), kind, id.string_or(""));
          !properties.is_null())
        places[id.string_or("")] = place(properties);
    return json_reply(200, Json::object({{"values", std::move(places)}}));
  }

  HttpResponse data(Call const& call) {
    return resolved(call, "data", [](Json const& properties) {
      return Json::object({{"uri", properties.at("dataUri")},
                           {"type", data_plane_type(properties.text("dataType"))},
                           {"legacyDatasetType", nullptr}});
    });
  }
  HttpResponse models(Call const& call) {
    return resolved(call, "models", [](Json const& properties) {
      return Json::object(
          {{"path", properties.at("modelUri")}, {"type", data_plane_type(properties.text("modelType"))}});
    });
  }

  Shared& shared_;
};

}  // namespace

std::string asset_id(Workspace const& workspace, std::string_view kind, std::string_view name,
                     std::string_view version) {
  std::string id = "azureml://locations/" + workspace.location + "/workspaces/" + workspace.guid + "/";
  id.append(kind).append("/").append(name);
  return version.empty() ? id : id.append("/versions/").append(version);
}

std::string data_plane_type(std::string_view type) {
  if (type == "uri_file") return "UriFile";
  if (type == "mltable") return "MLTable";
  if (type == "custom_model") return "CustomModel";
  if (type == "mlflow_model") return "MLFlowModel";
  return type == "triton_model" ? "TritonModel" : "UriFolder";
}

std::unique_ptr<Service> make_asset_ids(Shared& shared) { return std::make_unique<AssetIds>(shared); }

}  // namespace trainyard::azsim
