#include "reconcilers/azure/credentials.hpp"

#include <boost/test/data/test_case.hpp>

#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

using std::chrono::seconds;
namespace data = boost::unit_test::data;

struct Entra : Scripted {
  std::unique_ptr<TokenSource> source = client_secret_tokens(
      transport, clock, scrubber, cloud,
      {.tenant_id = "11111111-0000-0000-0000-000000000000", .client_id = "app", .secret = "a~b+c=d&e"});
  void answer(std::string const& token, std::string const& expires_in = "3600") {
    wire().expect(
        "POST", "https://login.microsoftonline.com/11111111-0000-0000-0000-000000000000/oauth2/v2.0/token",
        200,
        R"({"token_type":"Bearer","expires_in":)" + expires_in + R"(,"access_token":")" + token + R"("})");
  }
};

BOOST_FIXTURE_TEST_CASE(a_token_is_asked_for_with_the_secret_encoded, Entra) {
  answer("token-one");
  Result<std::string> const token = source->token({});
  BOOST_REQUIRE(token.has_value());
  BOOST_TEST(*token == "token-one");
  BOOST_TEST(wire().sent.front().body ==
             "grant_type=client_credentials&client_id=app&client_secret=a~b%2Bc%3Dd%26e&scope=https%3A%2F%"
             "2Fmanagement.azure.com%2F.default");
  BOOST_TEST(scrubber.scrub("it is a~b+c=d&e, token-one").find("a~b") == std::string::npos);
  BOOST_TEST(scrubber.scrub("it is a~b+c=d&e, token-one").find("token-one") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_token_is_kept_until_five_minutes_before_its_end, Entra) {
  answer("one");
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(3299));
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(1));
  answer("two", R"("3600")");  // digits as text
  BOOST_TEST(*source->token({}) == "two");
  clock.advance(seconds(3299));
  BOOST_TEST(*source->token({}) == "two");
}

BOOST_FIXTURE_TEST_CASE(a_short_token_is_still_kept_for_half_its_life, Entra) {
  answer("one", "200");
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(99));
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(1));
  answer("two", "200");
  BOOST_TEST(*source->token({}) == "two");
}

BOOST_FIXTURE_TEST_CASE(a_token_that_was_refused_is_forgotten, Entra) {
  answer("one");
  BOOST_TEST(*source->token({}) == "one");
  source->forget("another");
  BOOST_TEST(*source->token({}) == "one");
  source->forget("one");
  answer("two");
  BOOST_TEST(*source->token({}) == "two");
}

BOOST_FIXTURE_TEST_CASE(a_credential_that_is_gone_gets_no_token, Entra) {
  BOOST_TEST(!source->retire());
  BOOST_TEST(source->token({}).error().reason == "CredentialGone");
  BOOST_TEST(wire().sent.empty());
}

BOOST_FIXTURE_TEST_CASE(a_token_outlives_its_credential, Entra) {
  answer("one");
  BOOST_TEST(*source->token({}) == "one");
  BOOST_TEST(source->retire());
  clock.advance(seconds(3599));
  BOOST_TEST(*source->token({}) == "one");  // though it is time for another
  clock.advance(seconds(1));
  BOOST_TEST(!source->retire());
  BOOST_TEST((source->token({}).error().kind == ErrorKind::Unauthorized));
}

BOOST_FIXTURE_TEST_CASE(while_entra_is_away_the_old_token_serves_until_its_end, Entra) {
  answer("one");
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(3400));
  wire().expect("POST", "/token", 503);
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(200));
  wire().expect("POST", "/token", 503);
  BOOST_TEST(!source->token({}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_refused_credential_is_not_served_by_the_old_token, Entra) {
  answer("one");
  BOOST_TEST(*source->token({}) == "one");
  clock.advance(seconds(3400));
  wire().expect("POST", "/token", 401, R"({"error":"invalid_client","error_codes":[7000222]})");
  BOOST_TEST(!source->token({}).has_value());
}

BOOST_FIXTURE_TEST_CASE(no_lock_is_held_while_entra_is_asked, Entra) {
  // Another caller comes while the first one's request is under way: it asks too, and both get theirs.
  wire().expect("POST", "/token",
                HttpResponse{.status = 200, .body = R"({"expires_in":3600,"access_token":"one"})"},
                [&](HttpRequest const&) {
                  answer("two");
                  BOOST_TEST(*source->token({}) == "two");
                });
  BOOST_TEST(*source->token({}) == "one");
}

BOOST_FIXTURE_TEST_CASE(a_token_asked_for_in_vain_leaves_nothing_in_doubt, Entra) {
  wire().expect("POST", "/token",
                Error{.kind = ErrorKind::Transient,
                      .reason = "ConnectionLost",
                      .message = "lost",
                      .maybe_applied = true});
  ArmClient client(parts, cloud, *source, "S");
  Result<ArmAnswer> const put = client.send("PUT", "/x", "1", Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!put.has_value());
  BOOST_TEST(put.error().message == "asking Entra ID for a token: lost");
  BOOST_TEST(!put.error().maybe_applied);
}

BOOST_FIXTURE_TEST_CASE(an_answer_without_a_token_is_an_error, Entra) {
  wire().expect("POST", "/token", 200, "<html>").expect("POST", "/token", 200, R"({"expires_in":1})");
  BOOST_TEST(source->token({}).error().reason == "MalformedAnswer");
  BOOST_TEST((source->token({}).error().kind == ErrorKind::Transient));
}

struct RefusalCase {
  std::string name;
  int status;
  std::string body;
  ErrorKind kind;
  std::string reason, words;
  friend std::ostream& operator<<(std::ostream& out, RefusalCase const& c) { return out << c.name; }
};
std::vector<RefusalCase> const kRefusals{
    {"wrong secret", 401,
     R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret. Trace ID: 1","error_codes":[7000215]})",
     ErrorKind::Unauthorized, "AADSTS7000215", "put the secret's value (not its id)"},
    {"code in the text only", 400,
     R"({"error":"x","error_description":"AADSTS90002: Tenant not found.\r\nTrace ID: 1"})",
     ErrorKind::Unauthorized, "AADSTS90002", "correct tenantId"},
    {"expired secret", 401, R"({"error_codes":[7000222]})", ErrorKind::Unauthorized, "AADSTS7000222",
     "has expired"},
    {"no such application", 400, R"({"error_codes":[700016]})", ErrorKind::Unauthorized, "AADSTS700016",
     "correct clientId"},
    {"Entra is busy", 400, R"({"error":"temporarily_unavailable","error_codes":[90033]})",
     ErrorKind::Transient, "AADSTS90033", "unavailable"},
    {"a loop", 400, R"({"error_codes":[50196]})", ErrorKind::Throttled, "AADSTS50196",
     "refuses further requests"},
    {"a code that is not in the table keeps Entra's words, without what differs each time", 400,
     R"({"error":"e","error_description":"AADSTS999: Something odd.\r\nTrace ID: 123\r\nTimestamp: now","error_codes":[999]})",
     ErrorKind::Unauthorized, "AADSTS999", "Entra ID refuses the credential: Something odd; check tenantId"},
    {"429 without a code", 429, "", ErrorKind::Throttled, "EntraHttp429", "refuses further requests"},
    {"an HTML page", 502, "<html>", ErrorKind::Transient, "EntraHttp502", "unavailable"},
};
BOOST_DATA_TEST_CASE(a_refusal_is_told_in_words, data::make(kRefusals), c) {
  Error const error = entra_error({.status = c.status, .headers = {}, .body = c.body});
  BOOST_TEST((error.kind == c.kind));
  BOOST_TEST(error.reason == c.reason);
  BOOST_CHECK_MESSAGE(error.message.find(c.words) != std::string::npos, error.message);
  BOOST_TEST(error.message.find("Trace") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_throttled_token_request_tells_how_long, Entra) {
  wire().expect("POST", "/token", 429, "", {{"Retry-After", "9"}});
  Result<std::string> const token = source->token({});
  BOOST_REQUIRE(!token.has_value());
  BOOST_TEST(token.error().retry_after->count() == 9000);
}

}  // namespace
}  // namespace trainyard::azure
