#include <memory>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "controller/base/encoding.hpp"
#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;

std::string const kIssuer = "https://kubernetes.example/cluster";
std::string const kSubject = "system:serviceaccount:trainyard:trainyard";

/// A cluster's key, which signs service accounts' tokens.
class Signer {
 public:
  [[nodiscard]] std::string public_pem() const {
    std::unique_ptr<BIO, int (*)(BIO*)> const bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    char* text = nullptr;
    long const size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  [[nodiscard]] std::string sign(std::string const& algorithm, Json const& claims) const {
    std::string const content =
        base64url(Json::object({{"alg", algorithm}, {"kid", "1"}}).dump()) + "." + base64url(claims.dump());
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> const digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* context = nullptr;
    EVP_DigestSignInit(digest.get(), &context, EVP_sha256(), nullptr, key_.get());
    if (algorithm == "PS256") {
      EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
    }
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<unsigned char const*>(content.data()), content.size());
    return content + "." + base64url(signature);
  }

 private:
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> const key_{EVP_RSA_gen(2048), EVP_PKEY_free};
};

struct World {
  Signer cluster;
  Asker asker;

  World() : asker(options(cluster)) {}
  static Options options(Signer const& cluster) {
    Options options = default_options();
    options.federated = {{kIssuer, kSubject, cluster.public_pem()}};
    return options;
  }
  [[nodiscard]] Json claims() const {
    std::int64_t const now =
        std::chrono::floor<std::chrono::seconds>(asker.clock.wall()).time_since_epoch().count();
    return Json::object({{"iss", kIssuer},
                         {"sub", kSubject},
                         {"aud", Json::array({"api://AzureADTokenExchange"})},
                         {"nbf", now},
                         {"exp", now + 3600}});
  }
  HttpResponse sign_in(std::string const& assertion) {
    return asker.post_form("/" + asker.options.tenant + "/oauth2/v2.0/token",
                           "grant_type=client_credentials&scope=https%3A%2F%2Fx%2F.default&client_id=" +
                               asker.options.client + "&client_assertion_type=" +
                               percent_encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") +
                               "&client_assertion=" + assertion);
  }
};

BOOST_DATA_TEST_CASE(a_service_account_of_a_trusted_cluster_signs_in, data::make({"RS256", "PS256"}),
                     algorithm) {
  World world;
  HttpResponse const reply = world.sign_in(world.cluster.sign(algorithm, world.claims()));
  BOOST_TEST(reply.status == 200, reply.body);
}

struct Wrong {
  std::string claim, value, code;
  friend std::ostream& operator<<(std::ostream& out, Wrong const& c) { return out << c.claim; }
};
std::vector<Wrong> const kWrong{{"iss", "https://elsewhere.example", "AADSTS700211"},
                                {"aud", "api://azureadtokenexchange", "AADSTS700212"},
                                {"sub", "system:serviceaccount:Trainyard:trainyard", "AADSTS700213"}};

BOOST_DATA_TEST_CASE(a_claim_that_does_not_match_to_the_letter_is_refused, data::make(kWrong), c) {
  World world;
  Json claims = world.claims();
  claims[c.claim] = c.value;
  HttpResponse const reply = world.sign_in(world.cluster.sign("RS256", claims));
  BOOST_TEST(reply.status == 401);
  BOOST_TEST(Asker::body(reply).text("error_description").starts_with(c.code + ": "), reply.body);
}

BOOST_AUTO_TEST_CASE(a_token_is_good_until_five_minutes_after_its_end) {
  World world;
  std::string const token = world.cluster.sign("RS256", world.claims());
  world.asker.clock.advance(std::chrono::seconds{3600 + 299});
  BOOST_TEST(world.sign_in(token).status == 200);
  world.asker.clock.advance(std::chrono::seconds{1});
  BOOST_TEST(Asker::body(world.sign_in(token)).text("error_description").starts_with("AADSTS700024: "));
}

BOOST_AUTO_TEST_CASE(a_signature_of_another_key_or_algorithm_is_refused) {
  World world;
  std::string const stranger = Signer().sign("RS256", world.claims());
  std::string const unsigned_token = world.cluster.sign("none", world.claims());
  for (std::string const& token : {stranger, unsigned_token})
    BOOST_TEST(Asker::body(world.sign_in(token)).text("error_description").starts_with("AADSTS700027: "));
  BOOST_TEST(Asker::body(world.sign_in("no.jwt")).text("error_description").starts_with("AADSTS50027: "));
}

}  // namespace
}  // namespace trainyard::azsim
