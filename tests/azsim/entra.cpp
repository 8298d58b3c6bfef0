// Entra ID: discovery, and tokens for an application.
// Source: azure-identity and msal (what they ask), Microsoft's list of AADSTS codes.
#include <map>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/assertion.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::chrono::seconds kLifetime{3599};

std::map<std::string, std::string> form_fields(std::string_view body) {
  std::map<std::string, std::string> fields;
  while (!body.empty()) {
    std::string item(body.substr(0, body.find('&')));
    body.remove_prefix(std::min(body.size(), item.size() + 1));
    for (char& c : item)
      if (c == '+') c = ' ';
    std::size_t const equals = std::min(item.find('='), item.size());
    fields[percent_decode(item.substr(0, equals))] =
        percent_decode(equals < item.size() ? item.substr(equals + 1) : std::string());
  }
  return fields;
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string signature(Shared const& shared, std::string_view signed_part) {
  return base64url(hmac_sha256(shared.token_key, signed_part));
}

class Entra final : public Service {
 public:
  explicit Entra(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const add = [&](std::string name, std::string method, std::string pattern,
                         HttpResponse (Entra::*handler)(Call const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::move(pattern),
                            .door = Operation::Door::Open,
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    add("entra.token", "POST", "/{tenant}/oauth2/v2.0/token", &Entra::token);
    add("entra.openid", "GET", "/{tenant}/v2.0/.well-known/openid-configuration", &Entra::openid);
    add("entra.discovery", "GET", "/common/discovery/instance", &Entra::discovery);
  }
  [[nodiscard]] Json snapshot() const override { return {}; }
  Result<Done> restore(Json const&) override { return Done{}; }

 private:
  [[nodiscard]] bool knows_tenant(std::string_view tenant) const {
    return same_name(tenant, shared_.options.tenant);
  }

  HttpResponse token(Call const& call) {
    std::map<std::string, std::string> fields = form_fields(call.request.body);
    if (std::optional<Refusal> const refusal = refuse_token(call, fields)) return refused(*refusal, call);
    std::string audience = fields["scope"];
    audience.resize(audience.size() - std::string_view("/.default").size());
    HttpResponse reply =
        json_reply(200, Json::object({{"token_type", "Bearer"},
                                      {"expires_in", std::int64_t{kLifetime.count()}},
                                      {"ext_expires_in", std::int64_t{kLifetime.count()}},
                                      {"access_token", issue_token(shared_, audience, kLifetime)}}));
    return with_headers(std::move(reply), "1,0,0,,");
  }

  std::optional<Refusal> refuse_token(Call const& call, std::map<std::string, std::string>& fields) {
    std::string const& tenant = call.name("tenant");
    std::string const client = fields["client_id"];
    if (!knows_tenant(tenant))
      return Refusal{
          400, "invalid_request", 90002,
          "Tenant '" + tenant +
              "' not found. Check to make sure you have the correct tenant ID and are signing into "
              "the correct cloud. Check with your subscription administrator, this may happen if "
              "there are no active subscriptions for the tenant."};
    if (fields["grant_type"] != "client_credentials")
      return Refusal{400, "unsupported_grant_type", 70003,
                     "The app requested an unsupported grant type '" + fields["grant_type"] + "'."};
    for (std::string const name : {"client_id", "scope"})
      if (fields[name].empty())
        return Refusal{400, "invalid_request", 900144,
                       "The request body must contain the following parameter: '" + name + "'."};
    if (!fields["scope"].ends_with("/.default"))
      return Refusal{400, "invalid_scope", 1002012,
                     "The provided value for scope " + fields["scope"] +
                         " is not valid. Client credential flows must have a scope value with /.default "
                         "suffixed to the resource identifier (application ID URI)."};
    if (!same_name(client, shared_.options.client))
      return Refusal{400, "unauthorized_client", 700016,
                     "Application with identifier '" + client + "' was not found in the directory '" +
                         tenant +
                         "'. This can happen if the application has not been installed by the administrator "
                         "of the tenant or consented to by any user in the tenant. You may have sent your "
                         "authentication request to the wrong tenant."};
    if (fields.contains("client_assertion"))
      return refuse_assertion(shared_, fields,
                              authority_url(shared_.options) + "/" + tenant + "/oauth2/v2.0/token");
    if (fields["client_secret"].empty())
      return Refusal{401, "invalid_client", 7000218,
                     "The request body must contain the following parameter: 'client_assertion' or "
                     "'client_secret'."};
    if (fields["client_secret"] != shared_.options.secret)
      return Refusal{401, "invalid_client", 7000215,
                     "Invalid client secret provided. Ensure the secret being sent in the request is the "
                     "client secret value, not the client secret ID, for a secret added to app '" +
                         client + "'."};
    return std::nullopt;
  }

  [[nodiscard]] HttpResponse refused(Refusal const& refusal, Call const& call) const {
    std::string time = to_rfc3339(std::chrono::floor<std::chrono::seconds>(call.now));
    time[time.find('T')] = ' ';
    std::string const trace = shared_.guid();
    std::string const correlation =
        find_header(call.request.headers, "client-request-id").value_or(shared_.guid());
    std::string const code = std::to_string(refusal.code);
    HttpResponse reply = json_reply(
        refusal.status,
        Json::object({{"error", refusal.error},
                      {"error_description", "AADSTS" + code + ": " + refusal.message + " Trace ID: " + trace +
                                                " Correlation ID: " + correlation + " Timestamp: " + time},
                      {"error_codes", Json::array({refusal.code})},
                      {"timestamp", time},
                      {"trace_id", trace},
                      {"correlation_id", correlation},
                      {"error_uri", authority_url(shared_.options) + "/error?code=" + code}}));
    return with_headers(std::move(reply), "1," + code + ",0,,");
  }

  [[nodiscard]] HttpResponse with_headers(HttpResponse reply, std::string const& telemetry) const {
    reply.headers.emplace_back("Cache-Control", "no-store, no-cache");
    reply.headers.emplace_back("Pragma", "no-cache");
    reply.headers.emplace_back("x-ms-request-id", shared_.guid());
    reply.headers.emplace_back("x-ms-ests-server", "2.1.19005.9 - EUS ProdSlices");
    reply.headers.emplace_back("x-ms-clitelem", telemetry);
    return reply;
  }

  HttpResponse openid(Call const& call) {
    std::string const& tenant = call.name("tenant");
    if (!knows_tenant(tenant) && tenant != "common" && tenant != "organizations")
      return refused({400, "invalid_tenant", 90002, "Tenant '" + tenant + "' not found."}, call);
    std::string const base = authority_url(shared_.options) + "/" + tenant;
    return json_reply(
        200,
        Json::object({{"token_endpoint", base + "/oauth2/v2.0/token"},
                      {"token_endpoint_auth_methods_supported",
                       Json::array({"client_secret_post", "private_key_jwt", "client_secret_basic"})},
                      {"jwks_uri", base + "/discovery/v2.0/keys"},
                      {"response_modes_supported", Json::array({"query", "fragment", "form_post"})},
                      {"subject_types_supported", Json::array({"pairwise"})},
                      {"id_token_signing_alg_values_supported", Json::array({"RS256"})},
                      {"response_types_supported",
                       Json::array({"code", "id_token", "code id_token", "id_token token"})},
                      {"scopes_supported", Json::array({"openid", "profile", "email", "offline_access"})},
                      {"issuer", base + "/v2.0"},
                      {"request_uri_parameter_supported", false},
                      {"authorization_endpoint", base + "/oauth2/v2.0/authorize"},
                      {"device_authorization_endpoint", base + "/oauth2/v2.0/devicecode"},
                      {"tenant_region_scope", "NA"},
                      {"cloud_instance_name", "azsim"},
                      {"msgraph_host", "graph.microsoft.com"}}));
  }

  HttpResponse discovery(Call const& call) {
    std::string const asked =
        call.url.parameter("authorization_endpoint").value_or(authority_url(shared_.options));
    Result<Url> const url = parse_url(asked);
    if (!url) return refused({400, "invalid_instance", 50049, "Unknown or invalid instance."}, call);
    std::string const host = url->origin().substr(url->origin().find("//") + 2);
    return json_reply(
        200, Json::object({{"tenant_discovery_endpoint", authority_url(shared_.options) + "/" +
                                                             shared_.options.tenant +
                                                             "/v2.0/.well-known/openid-configuration"},
                           {"api-version", "1.1"},
                           {"metadata", Json::array({Json::object({{"preferred_network", host},
                                                                   {"preferred_cache", host},
                                                                   {"aliases", Json::array({host})}})})}}));
  }

  Shared& shared_;
};

}  // namespace

std::string issue_token(Shared const& shared, std::string_view audience, Duration lifetime) {
  WallTime const now = shared.now();
  Json const header = Json::object({{"typ", "JWT"}, {"alg", "RS256"}});
  Json const claims =
      Json::object({{"aud", audience},
                    {"iss", authority_url(shared.options) + "/" + shared.options.tenant + "/"},
                    {"iat", seconds_of(now)},
                    {"nbf", seconds_of(now)},
                    {"exp", seconds_of(now + lifetime)},
                    {"appid", shared.options.client},
                    {"oid", shared.options.client},
                    {"sub", shared.options.client},
                    {"tid", shared.options.tenant},
                    {"ver", "1.0"}});
  std::string const content = base64url(header.dump()) + "." + base64url(claims.dump());
  return content + "." + signature(shared, content);
}

TokenState check_token(Shared const& shared, std::string_view token) {
  std::size_t const last = token.rfind('.');
  std::size_t const first = token.find('.');
  if (last == std::string_view::npos || first == last) return TokenState::Malformed;
  std::string_view const content = token.substr(0, last);
  if (signature(shared, content) != token.substr(last + 1)) return TokenState::Malformed;
  Result<std::string> const text = base64_decode(content.substr(first + 1));
  if (!text) return TokenState::Malformed;
  Result<Json> const claims = Json::parse(*text);
  if (!claims) return TokenState::Malformed;
  return claims->at("exp").integer_or(0) <= seconds_of(shared.now()) ? TokenState::Expired : TokenState::Good;
}

std::unique_ptr<Service> make_entra(Shared& shared) { return std::make_unique<Entra>(shared); }

}  // namespace trainyard::azsim
