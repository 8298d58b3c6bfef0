// Source: msal (what is sent), Microsoft's list of AADSTS codes.
#include "tests/azsim/assertion.hpp"

#include <algorithm>
#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/release.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view kFederatedAudience = "api://AzureADTokenExchange";
constexpr std::chrono::seconds kSkew{300};

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

Bio from_text(std::string const& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

X509Ptr certificate_of(std::string const& pem) {
  Bio const bio = from_text(pem);
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

/// Of a certificate, or as it is.
Key public_key(std::string const& pem) {
  if (X509Ptr const certificate = certificate_of(pem)) return Key(X509_get_pubkey(certificate.get()));
  Bio const bio = from_text(pem);
  return Key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
}

std::string thumbprint(std::string const& pem, EVP_MD const* digest) {
  X509Ptr const certificate = certificate_of(pem);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (!certificate || X509_digest(certificate.get(), digest, bytes, &size) != 1) return {};
  return base64url({reinterpret_cast<char const*>(bytes), size});
}

struct Jwt {
  Json header, claims;
  std::string content, signature;  // what is signed, and the raw bytes
};

std::optional<Jwt> parse_jwt(std::string const& text) {
  std::size_t const first = text.find('.'), last = text.rfind('.');
  if (first == std::string::npos || first == last) return std::nullopt;
  Result<std::string> const header = base64_decode(text.substr(0, first));
  Result<std::string> const claims = base64_decode(text.substr(first + 1, last - first - 1));
  Result<std::string> const signature = base64_decode(text.substr(last + 1));
  if (!header || !claims || !signature) return std::nullopt;
  Result<Json> const header_json = Json::parse(*header), claims_json = Json::parse(*claims);
  if (!header_json || !claims_json) return std::nullopt;
  return Jwt{*header_json, *claims_json, text.substr(0, last), *signature};
}

bool signed_by(Jwt const& jwt, std::string const& pem) {
  std::string const algorithm = jwt.header.text("alg");
  Key const key = public_key(pem);
  Digest const digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // the digest's own
  if ((algorithm != "RS256" && algorithm != "PS256") || !key || !digest ||
      EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_DigestVerifyInit(digest.get(), &context, EVP_sha256(), nullptr, key.get()) != 1)
    return false;
  if (algorithm == "PS256" && (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1 ||
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(digest.get(), reinterpret_cast<unsigned char const*>(jwt.signature.data()),
                          jwt.signature.size(), reinterpret_cast<unsigned char const*>(jwt.content.data()),
                          jwt.content.size()) == 1;
}

Refusal invalid(int code, std::string message) { return {401, "invalid_client", code, std::move(message)}; }

Refusal bad_signature(std::string const& reason) {
  return invalid(700027, "Client assertion contains an invalid signature. [Reason - " + reason + "]");
}

std::optional<Refusal> refuse_time(Jwt const& jwt, WallTime now) {
  auto const time = [&](std::string_view claim, WallTime other) {
    Json const& seconds = jwt.claims.at(claim);  // azure-identity's have fractions
    bool const good = seconds.number_or(-1) >= 0 && seconds.number_or(-1) < 1e11;
    return good ? WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds.number_or(0)))) : other;
  };
  WallTime const from = time("nbf", now), until = time("exp", WallTime());
  if (from <= now + kSkew && now < until + kSkew) return std::nullopt;
  return invalid(700024, "Client assertion is not within its valid time range. Current time: " +
                             to_rfc3339(now) + ", assertion valid from " + to_rfc3339(from) +
                             ", expiry time of assertion " + to_rfc3339(until) + ".");
}

bool has_audience(Jwt const& jwt, std::string_view audience) {
  Json const& given = jwt.claims.at("aud");
  if (!given.is_array()) return given.string_or("") == audience;
  return std::any_of(given.items().begin(), given.items().end(),
                     [&](Json const& one) { return one.string_or("") == audience; });
}

/// The application's own, signed with the key of a certificate that is registered on it.
std::optional<Refusal> refuse_certificate(Shared const& shared, Jwt const& jwt, std::string const& client,
                                          std::string const& endpoint) {
  std::vector<std::string> const& known = shared.options.client_certificates;
  auto const given = [&](std::string_view name) {
    std::string text = jwt.header.text(name);
    while (text.ends_with('=')) text.pop_back();  // azure-identity pads its x5t
    return text;
  };
  std::string const sha256_given = given("x5t#S256"), sha1_given = given("x5t");
  auto const found = std::find_if(known.begin(), known.end(), [&](std::string const& pem) {
    return sha256_given.empty() ? thumbprint(pem, EVP_sha1()) == sha1_given
                                : thumbprint(pem, EVP_sha256()) == sha256_given;
  });
  if (found == known.end())
    return bad_signature("The key was not found., Thumbprint of key used by client: '" +
                         (sha256_given.empty() ? sha1_given : sha256_given) + "'");
  if (!signed_by(jwt, *found)) return bad_signature("The key used is expired or does not fit the signature.");
  if (jwt.claims.text("iss") != client || jwt.claims.text("sub") != client)
    return invalid(700021, "Client assertion application identifier doesn't match 'client_id' parameter.");
  if (!has_audience(jwt, endpoint))
    return invalid(700023, "Client assertion audience claim does not match Realm issuer.");
  return refuse_time(jwt, shared.now());
}

/// Somebody else's, for instance a Kubernetes cluster's, whose word the application takes for one subject.
std::optional<Refusal> refuse_federated(Shared const& shared, Jwt const& jwt) {
  std::string const issuer = jwt.claims.text("iss"), subject = jwt.claims.text("sub");
  std::string const none = "No matching federated identity record found for presented assertion ";
  std::string const remedy =
      "Check your federated identity credential Subject, Audience and Issuer against the presented "
      "assertion.";
  std::vector<FederatedCredential> matching = shared.options.federated;
  std::erase_if(matching, [&](FederatedCredential const& one) { return one.issuer != issuer; });
  if (matching.empty()) return invalid(700211, none + "issuer '" + issuer + "'. " + remedy);
  if (!has_audience(jwt, kFederatedAudience))
    return invalid(700212, none + "audience '" + jwt.claims.at("aud").string_or(jwt.claims.at("aud").dump()) +
                               "'. " + remedy);
  std::erase_if(matching, [&](FederatedCredential const& one) { return one.subject != subject; });
  if (matching.empty()) return invalid(700213, none + "subject '" + subject + "'. " + remedy);
  if (std::none_of(matching.begin(), matching.end(),
                   [&](FederatedCredential const& one) { return signed_by(jwt, one.public_key_pem); }))
    return bad_signature("The key was not found.");
  return refuse_time(jwt, shared.now());
}

}  // namespace

std::optional<Refusal> refuse_assertion(Shared const& shared,
                                        std::map<std::string, std::string> const& fields,
                                        std::string const& endpoint) {
  auto const type = fields.find("client_assertion_type");
  if (type == fields.end() || type->second != kType)
    return Refusal{400, "invalid_request", 900144,
                   "The request body must contain the following parameter: 'client_assertion_type'."};
  std::optional<Jwt> const jwt = parse_jwt(fields.at("client_assertion"));
  if (!jwt) return invalid(50027, "JWT token is invalid or malformed.");
  bool const own = jwt->header.at("x5t").is_string() || jwt->header.at("x5t#S256").is_string();
  return own ? refuse_certificate(shared, *jwt, fields.at("client_id"), endpoint)
             : refuse_federated(shared, *jwt);
}

bool is_rsa_public_key(std::string const& pem) {
  Key const key = public_key(pem);
  return key && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA;
}

}  // namespace trainyard::azsim
