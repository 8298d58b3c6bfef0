// Managed identity: the token endpoint that a virtual machine has at 169.254.169.254. Clients are sent here
// by AZURE_POD_IDENTITY_AUTHORITY_HOST. Source: azure-identity, recorded answers.
#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::chrono::seconds kLifetime{86399};

HttpResponse refused(std::string_view why) {
  HttpResponse reply =
      json_reply(400, Json::object({{"error", "invalid_request"}, {"error_description", why}}));
  reply.headers.emplace_back("Server", "IMDS/150.870.65.1475");
  return reply;
}

class Imds final : public Service {
 public:
  explicit Imds(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    operations.push_back({.name = "imds.token",
                          .method = "GET",
                          .pattern = "/metadata/identity/oauth2/token",
                          .door = Operation::Door::Open,
                          .handler = [this](Call const& call) { return token(call); }});
  }
  [[nodiscard]] Json snapshot() const override { return {}; }
  Result<Done> restore(Json const&) override { return Done{}; }

 private:
  /// One identity is assigned: the application's. Whoever names another, or sends by a proxy, gets nothing.
  HttpResponse token(Call const& call) const {
    if (!same_name(find_header(call.request.headers, "Metadata").value_or(""), "true"))
      return refused("Required metadata header not specified");
    if (find_header(call.request.headers, "X-Forwarded-For"))
      return refused("Request was forwarded by a proxy");
    std::optional<std::string> const resource = call.url.parameter("resource");
    if (!call.url.parameter("api-version"))
      return refused("Required query variable 'api-version' is missing");
    if (!resource || resource->empty()) return refused("Required query variable 'resource' is missing");
    for (std::string_view const name : {"client_id", "object_id", "msi_res_id"})
      if (std::optional<std::string> const asked = call.url.parameter(name);
          asked && !same_name(*asked, shared_.options.client))
        return refused("Identity not found");
    auto const seconds = [](WallTime time) {
      return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    };
    std::string const lifetime = std::to_string(kLifetime.count());
    HttpResponse reply =
        json_reply(200, Json::object({{"access_token", issue_token(shared_, *resource, kLifetime)},
                                      {"client_id", shared_.options.client},
                                      {"expires_in", lifetime},
                                      {"expires_on", seconds(call.now + kLifetime)},
                                      {"ext_expires_in", lifetime},
                                      {"not_before", seconds(call.now)},
                                      {"resource", *resource},
                                      {"token_type", "Bearer"}}));
    reply.headers.emplace_back("Server", "IMDS/150.870.65.1475");
    return reply;
  }

  Shared& shared_;
};

}  // namespace

std::unique_ptr<Service> make_imds(Shared& shared) { return std::make_unique<Imds>(shared); }

}  // namespace trainyard::azsim
