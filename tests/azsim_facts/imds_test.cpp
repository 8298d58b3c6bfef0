#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;

HttpResponse ask(Asker& asker, std::string const& query, HttpHeaders headers = {{"Metadata", "true"}}) {
  return asker.sim
      .handle({.method = "GET",
               .url = asker.options.base_url + "/metadata/identity/oauth2/token" + query,
               .headers = std::move(headers)})
      .response;
}
std::string const kGood = "?api-version=2018-02-01&resource=https%3A%2F%2Fml.azure.com";

BOOST_AUTO_TEST_CASE(a_machine_gets_a_token_whose_numbers_are_texts) {
  Asker asker;
  HttpResponse const reply = ask(asker, kGood);
  BOOST_TEST(reply.status == 200);
  Json const body = Asker::body(reply);
  for (auto const& [name, value] : body.members()) BOOST_TEST(value.is_string(), name);
  BOOST_TEST(body.text("resource") == "https://ml.azure.com");
  BOOST_TEST(body.text("client_id") == asker.options.client);
  BOOST_TEST(std::stoll(body.text("expires_on")) - std::stoll(body.text("not_before")) ==
             std::stoll(body.text("expires_in")));
  BOOST_TEST(body.find("refresh_token") == nullptr);
  asker.token = body.text("access_token");
  BOOST_TEST(asker.ask("GET", asker.workspace()).status == 200);
}

struct Wrong {
  std::string query;
  HttpHeaders headers;
  std::string why;
  friend std::ostream& operator<<(std::ostream& out, Wrong const& c) { return out << c.why; }
};
std::vector<Wrong> const kWrong{
    {kGood, {}, "Required metadata header not specified"},
    {kGood, {{"Metadata", "true"}, {"X-Forwarded-For", "10.0.0.1"}}, "Request was forwarded by a proxy"},
    {kGood + "&client_id=99999999-9999-9999-9999-999999999999", {{"Metadata", "true"}}, "Identity not found"},
    {"?api-version=2018-02-01", {{"Metadata", "true"}}, "Required query variable 'resource' is missing"}};

BOOST_DATA_TEST_CASE(what_imds_refuses, data::make(kWrong), c) {
  Asker asker;
  HttpResponse const reply = ask(asker, c.query, c.headers);
  BOOST_TEST(reply.status == 400);
  BOOST_TEST(Asker::body(reply).text("error") == "invalid_request");
  BOOST_TEST(Asker::body(reply).text("error_description") == c.why);
}

}  // namespace
}  // namespace trainyard::azsim
