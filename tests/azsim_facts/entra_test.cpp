#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;

struct Refused {
  std::string tenant, form;
  int status;
  std::string error, code;
  friend std::ostream& operator<<(std::ostream& out, Refused const& c) { return out << c.code; }
};
std::string const kTenant = "11111111-1111-1111-1111-111111111111";
std::string const kClient = "22222222-2222-2222-2222-222222222222";
std::string const kForm = "grant_type=client_credentials&scope=https%3A%2F%2Fx%2F.default&client_id=";
std::vector<Refused> const kRefused{
    {kTenant, kForm + kClient + "&client_secret=wrong", 401, "invalid_client", "AADSTS7000215"},
    {kTenant, kForm + kClient, 401, "invalid_client", "AADSTS7000218"},
    {kTenant, kForm + "nobody&client_secret=secret", 400, "unauthorized_client", "AADSTS700016"},
    {"elsewhere", kForm + kClient + "&client_secret=secret", 400, "invalid_request", "AADSTS90002"},
    {kTenant, "grant_type=client_credentials&scope=x&client_id=" + kClient + "&client_secret=secret", 400,
     "invalid_scope", "AADSTS1002012"},
    {kTenant, "grant_type=client_credentials&scope=x%2F.default", 400, "invalid_request", "AADSTS900144"},
    {kTenant, "grant_type=password", 400, "unsupported_grant_type", "AADSTS70003"},
};

BOOST_DATA_TEST_CASE(a_bad_sign_in_is_refused_in_words, data::make(kRefused), c) {
  Asker asker;
  HttpResponse const reply = asker.post_form("/" + c.tenant + "/oauth2/v2.0/token", c.form);
  BOOST_TEST(reply.status == c.status);
  Json const body = Asker::body(reply);
  BOOST_TEST(body.text("error") == c.error);
  BOOST_TEST(body.text("error_description").starts_with(c.code + ": "));
  BOOST_TEST("AADSTS" + body.at("error_codes").items().at(0).dump() == c.code);
  for (std::string const name : {"timestamp", "trace_id", "correlation_id", "error_uri"})
    BOOST_TEST(!body.text(name).empty(), name);
}

BOOST_AUTO_TEST_CASE(a_token_is_good_for_an_hour_and_outlives_the_simulator) {
  Asker asker;
  BOOST_TEST(asker.ask("GET", asker.workspace()).status == 200);
  Asker other;
  other.token = asker.token;
  BOOST_TEST(other.ask("GET", other.workspace()).status == 200);
  asker.clock.advance(std::chrono::hours{1});
  HttpResponse const late = asker.ask("GET", asker.workspace());
  BOOST_TEST(late.status == 401);
  BOOST_TEST(Asker::code(late) == "ExpiredAuthenticationToken");
  BOOST_TEST(late.header("WWW-Authenticate").value_or("").starts_with("Bearer authorization_uri="));
}

BOOST_AUTO_TEST_CASE(a_token_of_another_secret_is_no_token) {
  Options options = default_options();
  options.secret = "another";
  Asker stranger(options);
  Asker asker;
  asker.token = stranger.token;
  BOOST_TEST(Asker::code(asker.ask("GET", asker.workspace())) == "InvalidAuthenticationToken");
}

BOOST_AUTO_TEST_CASE(discovery_leads_to_the_token_address) {
  Asker asker;
  Json const found = asker.get("/common/discovery/instance?authorization_endpoint=https://localhost:8443/x");
  BOOST_TEST(found.at("metadata").items().at(0).at("aliases").items().at(0).string_or("") ==
             "localhost:8443");
  Json const openid = asker.get(found.text("tenant_discovery_endpoint"));
  BOOST_TEST(openid.text("token_endpoint") == asker.options.base_url + "/" + kTenant + "/oauth2/v2.0/token");
}

}  // namespace
}  // namespace trainyard::azsim
