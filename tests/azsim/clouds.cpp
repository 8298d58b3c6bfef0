// What Resource Manager tells of its cloud, to whom it may concern: one cloud, with azsim's addresses for the
// services that azsim has and the public cloud's for the others. Source: sheet 1, section 2.7.
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kList = "2019-05-01", kSingle = "2022-09-01";  // the first of their form

class Clouds final : public Service {
 public:
  explicit Clouds(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    operations.push_back({.name = "clouds.endpoints",
                          .method = "GET",
                          .pattern = "/metadata/endpoints",
                          .door = Operation::Door::Open,
                          .handler = [this](Call const& call) { return endpoints(call); }});
  }
  [[nodiscard]] Json snapshot() const override { return {}; }
  Result<Done> restore(Json const&) override { return Done{}; }

 private:
  HttpResponse endpoints(Call const& call) const {
    if (std::optional<HttpResponse> refused = refuse_version(call)) return std::move(*refused);
    if (call.api_version < kList) return json_reply(200, first_form());
    return json_reply(200, call.api_version < kSingle ? Json::array({cloud()}) : cloud());
  }

  [[nodiscard]] Json audiences() const {
    return Json::array({"https://management.core.windows.net/", shared_.options.base_url + "/"});
  }

  [[nodiscard]] Json first_form() const {
    return Json::object(
        {{"galleryEndpoint", "https://gallery.azure.com/"},
         {"graphEndpoint", "https://graph.windows.net/"},
         {"portalEndpoint", "https://portal.azure.com/"},
         {"authentication", Json::object({{"loginEndpoint", authority_url(shared_.options) + "/"},
                                          {"audiences", audiences()}})}});
  }

  [[nodiscard]] Json cloud() const {
    Options const& options = shared_.options;
    return Json::object(
        {{"portal", "https://portal.azure.com/"},
         {"authentication", Json::object({{"loginEndpoint", authority_url(options) + "/"},
                                          {"audiences", audiences()},
                                          {"tenant", "common"},
                                          {"identityProvider", "AAD"}})},
         {"media", "https://rest.media.azure.net"},
         {"graphAudience", "https://graph.windows.net/"},
         {"graph", "https://graph.windows.net/"},
         {"name", options.public_names ? "AzureCloud" : "azsim"},
         {"suffixes", Json::object({{"azureDataLakeStoreFileSystem", "azuredatalakestore.net"},
                                    {"acrLoginServer", "azurecr.io"},
                                    {"sqlServerHostname", "database.windows.net"},
                                    {"azureDataLakeAnalyticsCatalogAndJob", "azuredatalakeanalytics.net"},
                                    {"keyVaultDns", "vault.azure.net"},
                                    {"storage", storage_suffix(options)}})},
         {"batch", "https://batch.core.windows.net/"},
         {"resourceManager", options.base_url + "/"},
         {"sqlManagement", "https://management.core.windows.net:8443/"},
         {"gallery", "https://gallery.azure.com/"},
         {"microsoftGraphResourceId", "https://graph.microsoft.com/"},
         {"activeDirectoryDataLake", "https://datalake.azure.net/"}});
  }

  Shared& shared_;
};

}  // namespace

std::unique_ptr<Service> make_clouds(Shared& shared) { return std::make_unique<Clouds>(shared); }

}  // namespace trainyard::azsim
