#include <boost/test/data/test_case.hpp>

#include "controller/base/time_text.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

using std::chrono::seconds;
namespace data = boost::unit_test::data;

constexpr std::string_view kVersion = "2023-10-01";

struct ErrorCase {
  std::string name;
  int status;
  std::string body;
  HttpHeaders headers;
  ErrorKind kind;
  std::string reason, message;
  bool parent = false;
  friend std::ostream& operator<<(std::ostream& out, ErrorCase const& c) { return out << c.name; }
};

std::vector<ErrorCase> const kErrors{
    {"gateway form: the workspace is absent",
     404,
     R"({"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/w' under resource group 'g' was not found."}})",
     {},
     ErrorKind::NotFound,
     "ResourceNotFound",
     "The Resource 'Microsoft.MachineLearningServices/workspaces/w' under resource group 'g' was not found.",
     true},
    {"the same of a child is no parent's",
     404,
     R"({"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/w/computes/c' under resource group 'g' was not found."}})",
     {},
     ErrorKind::NotFound,
     "ResourceNotFound",
     "The Resource 'Microsoft.MachineLearningServices/workspaces/w/computes/c' under resource group 'g' was "
     "not found.",
     false},
    {"ResourceNotFound in other words counts as the parent's",
     404,
     R"({"error":{"code":"ResourceNotFound","message":"gone"}})",
     {},
     ErrorKind::NotFound,
     "ResourceNotFound",
     "gone",
     true},
    {"group absent",
     404,
     R"({"error":{"code":"ResourceGroupNotFound","message":"Resource group 'g' could not be found."}})",
     {},
     ErrorKind::NotFound,
     "ResourceGroupNotFound",
     "Resource group 'g' could not be found.",
     true},
    {"subscription absent, other case",
     404,
     R"({"error":{"code":"subscriptionnotfound","message":"m"}})",
     {},
     ErrorKind::NotFound,
     "subscriptionnotfound",
     "m",
     true},
    {"empty 404 of a compute",
     404,
     "",
     {},
     ErrorKind::NotFound,
     "NotFound",
     "Azure answered with status 404 and no reason",
     false},
    {"service form: deepest inner code",
     404,
     R"({"error":{"code":"UserError","message":"Job j not found.","details":[],"additionalInfo":[{"type":"Time","info":{"value":"t"}},
        {"type":"InnerError","info":{"value":{"code":"NotFound","innerError":{"code":"JobNotFound","innerError":null}}}}]}})",
     {},
     ErrorKind::NotFound,
     "UserError",
     "Job j not found. (JobNotFound)",
     false},
    {"data plane form: innerError in the error",
     400,
     R"({"error":{"code":"UserError","message":"bad","innerError":{"code":"BadArgument","innerError":{"code":"ArgumentInvalid"}}},"correlation":{},"time":"t"})",
     {},
     ErrorKind::Invalid,
     "UserError",
     "bad (ArgumentInvalid)",
     false},
    {"without wrapper",
     409,
     R"({"code":"Conflict","message":"busy"})",
     {},
     ErrorKind::Conflict,
     "Conflict",
     "busy",
     false},
    {"capitalised",
     400,
     R"({"Error":{"Code":"BadRequest","Message":"no"}})",
     {},
     ErrorKind::Invalid,
     "BadRequest",
     "no",
     false},
    {"MLflow's form",
     404,
     R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no run"})",
     {},
     ErrorKind::NotFound,
     "RESOURCE_DOES_NOT_EXIST",
     "no run",
     false},
    {"an HTML page",
     502,
     "<html>\nBad gateway</html>",
     {},
     ErrorKind::Transient,
     "Http502",
     "Azure answered with status 502 and no reason",
     false},
    {"lines and control characters",
     400,
     "{\"error\":{\"code\":\"C\",\"message\":\"a\\r\\nb\\u0007\"}}",
     {},
     ErrorKind::Invalid,
     "C",
     "a  b",
     false},
    {"byte order mark",
     500,
     "\xEF\xBB\xBF{\"error\":{\"code\":\"ServiceError\",\"message\":\"m\"}}",
     {},
     ErrorKind::Transient,
     "ServiceError",
     "m",
     false},
    {"401",
     401,
     R"({"error":{"code":"ExpiredAuthenticationToken","message":"m"}})",
     {},
     ErrorKind::Unauthorized,
     "ExpiredAuthenticationToken",
     "m",
     false},
    {"403",
     403,
     R"({"error":{"code":"AuthorizationFailed","message":"m"}})",
     {},
     ErrorKind::Forbidden,
     "AuthorizationFailed",
     "m",
     false},
    {"policy",
     403,
     R"({"error":{"code":"RequestDisallowedByPolicy","message":"m"}})",
     {},
     ErrorKind::Forbidden,
     "RequestDisallowedByPolicy",
     "m",
     false},
    {"quota as 409",
     409,
     R"({"error":{"code":"QuotaExceeded","message":"m"}})",
     {},
     ErrorKind::Quota,
     "QuotaExceeded",
     "m",
     false},
    {"quota in words",
     409,
     R"({"error":{"code":"OperationNotAllowed","message":"exceeding approved cores quota"}})",
     {},
     ErrorKind::Quota,
     "OperationNotAllowed",
     "exceeding approved cores quota",
     false},
    {"capacity",
     409,
     R"({"error":{"code":"AllocationFailed","message":"m"}})",
     {},
     ErrorKind::Quota,
     "AllocationFailed",
     "m",
     false},
    {"a lock does not open by waiting",
     409,
     R"({"error":{"code":"ScopeLocked","message":"m"}})",
     {},
     ErrorKind::Forbidden,
     "ScopeLocked",
     "m",
     false},
    {"provider not registered",
     409,
     R"({"error":{"code":"MissingSubscriptionRegistration","message":"m"}})",
     {},
     ErrorKind::Forbidden,
     "MissingSubscriptionRegistration",
     "m",
     false},
    {"wrong namespace is our mistake",
     404,
     R"({"error":{"code":"InvalidResourceNamespace","message":"m"}})",
     {},
     ErrorKind::Invalid,
     "InvalidResourceNamespace",
     "m",
     false},
    {"412",
     412,
     "",
     {},
     ErrorKind::Conflict,
     "PreconditionFailed",
     "Azure answered with status 412 and no reason",
     false},
    {"throttled: no words that count seconds",
     429,
     R"({"error":{"code":"TooManyRequests","message":"try again after '17' seconds"}})",
     {{"Retry-After", "17"}},
     ErrorKind::Throttled,
     "TooManyRequests",
     "Azure asks for fewer requests",
     false},
    {"504 of the gateway",
     504,
     R"({"error":{"code":"GatewayTimeout","message":"m"}})",
     {},
     ErrorKind::Transient,
     "GatewayTimeout",
     "m",
     false},
    {"a redirect is not followed",
     302,
     "",
     {},
     ErrorKind::Transient,
     "Http302",
     "Azure answered with status 302 and no reason",
     false},
};

BOOST_DATA_TEST_CASE(an_error_body_is_understood, data::make(kErrors), c) {
  Error const error = arm_error({.status = c.status, .headers = c.headers, .body = c.body},
                                at("2026-03-01T00:00:00Z"), Scrubber());
  BOOST_TEST((error.kind == c.kind));
  BOOST_TEST(error.reason == c.reason);
  BOOST_TEST(error.message == c.message);
  BOOST_TEST(error.status == c.status);
  BOOST_TEST(!error.maybe_applied);
  BOOST_TEST(parent_is_missing(error) == c.parent);
}

BOOST_AUTO_TEST_CASE(retry_after_comes_as_seconds_or_as_a_date) {
  WallTime const now = at("2026-03-01T12:00:00Z");
  for (auto const& [text, wanted] : {std::pair{"30", seconds(30)},
                                     {"Sun, 01 Mar 2026 12:01:00 GMT", seconds(60)},
                                     {"Sun, 01 Mar 2026 11:00:00 GMT", seconds(0)}}) {
    Error const error = arm_error({.status = 503, .headers = {{"retry-after", text}}}, now, Scrubber());
    BOOST_REQUIRE(error.retry_after.has_value());
    BOOST_TEST(error.retry_after->count() == Duration(wanted).count());
  }
  BOOST_TEST(!arm_error({.status = 503}, now, Scrubber()).retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(a_long_message_is_cut_between_characters) {
  std::string const long_text = std::string(999, 'x') + "\xC3\xA4" + std::string(500, 'y');
  Error const error = arm_error(
      {.status = 400,
       .headers = {},
       .body = Json::object({{"error", Json::object({{"code", "C"}, {"message", long_text}})}}).dump()},
      at("2026-03-01T00:00:00Z"), Scrubber());
  BOOST_TEST(error.message == std::string(999, 'x') + " ...");
}

BOOST_AUTO_TEST_CASE(no_half_of_a_secret_stands_where_a_message_is_cut) {
  Scrubber scrubber;
  scrubber.add_secret("swordfish-1234");
  std::string const long_text = std::string(990, 'x') + "swordfish-1234";
  Error const error = arm_error(
      {.status = 400, .headers = {}, .body = Json::object({{"code", "C"}, {"message", long_text}}).dump()},
      at("2026-03-01T00:00:00Z"), scrubber);
  BOOST_TEST(error.message == std::string(990, 'x') + "[hidden]");
}

BOOST_AUTO_TEST_CASE(what_azure_says_is_fit_for_a_condition) {
  Error const error = arm_error(
      {.status = 400,
       .headers = {},
       .body = Json::object({{"code", "Bad\nReason\x1b[31m"}, {"message", "two\nlines\x1b[31m\x7f"}}).dump()},
      at("2026-03-01T00:00:00Z"), Scrubber());
  BOOST_TEST(error.reason == "BadReason31m");
  BOOST_TEST(error.message == "two lines [31m");
}

BOOST_FIXTURE_TEST_CASE(a_request_has_what_resource_manager_wants, Scripted) {
  wire().expect("GET", "https://management.azure.com/subscriptions/S/x?api-version=2023-10-01", 200,
                R"({"a":1})", {{"Date", "Sun, 01 Mar 2026 00:00:07 GMT"}});
  ArmTold told;
  Result<ArmAnswer> const answer =
      arm.send("GET", "/subscriptions/S/x", kVersion, Json(), Urgency::Edit, {}, &told);
  BOOST_REQUIRE(answer.has_value());
  HttpRequest const& request = wire().sent.front();
  BOOST_TEST(find_header(request.headers, "Authorization").value_or("") == "Bearer t1");
  BOOST_TEST(find_header(request.headers, "x-ms-client-request-id").value_or("").size() == 36U);
  BOOST_TEST(!find_header(request.headers, "Content-Type").has_value());
  BOOST_TEST(answer->body.at("a").integer_or(0) == 1);
  BOOST_TEST(to_rfc3339(answer->date) == "2026-03-01T00:00:07Z");
  BOOST_TEST(to_rfc3339(answer->began) == "2026-03-01T00:00:00Z");
  BOOST_TEST((told.date == answer->date));
  BOOST_TEST(told.order == answer->order);
}

BOOST_FIXTURE_TEST_CASE(a_body_is_sent_as_json_and_a_query_is_joined, Scripted) {
  wire().expect("PUT", "/x?a=b&api-version=2023-10-01", 201, "");
  BOOST_REQUIRE(
      arm.send("PUT", "/x?a=b", kVersion, Json::object({{"k", "v"}}), Urgency::Edit, {}).has_value());
  BOOST_TEST(wire().sent.front().body == R"({"k":"v"})");
  BOOST_TEST(find_header(wire().sent.front().headers, "Content-Type").value_or("") == "application/json");
}

BOOST_FIXTURE_TEST_CASE(names_beyond_ascii_are_encoded, Scripted) {
  wire().expect("GET", "/resourceGroups/gr%C3%BCn/x?", 200, "{}");
  BOOST_TEST(
      arm.send("GET", "/resourceGroups/gr\xC3\xBCn/x", kVersion, Json(), Urgency::Edit, {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_401_is_met_with_one_new_token, Scripted) {
  wire().expect("GET", "/x", 401).expect("GET", "/x", 200, "{}");
  BOOST_TEST(arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {}).has_value());
  BOOST_TEST(find_header(wire().sent[1].headers, "Authorization").value_or("") == "Bearer t2");
  BOOST_TEST(find_header(wire().sent[0].headers, "x-ms-client-request-id").value_or("a") ==
             find_header(wire().sent[1].headers, "x-ms-client-request-id").value_or("b"));
}

BOOST_FIXTURE_TEST_CASE(a_second_401_is_told, Scripted) {
  wire()
      .expect("GET", "/x", 401)
      .expect("GET", "/x", 401, R"({"error":{"code":"AuthenticationFailed","message":"m"}})");
  Result<ArmAnswer> const answer = arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST((answer.error().kind == ErrorKind::Unauthorized));
}

struct DoubtCase {
  std::string method;
  int status;
  bool doubt;
  friend std::ostream& operator<<(std::ostream& out, DoubtCase const& c) {
    return out << c.method << " " << c.status;
  }
};
std::vector<DoubtCase> const kDoubts{{"PUT", 500, true},  {"PUT", 504, true},  {"DELETE", 503, true},
                                     {"POST", 408, true}, {"PUT", 400, false}, {"PUT", 409, false},
                                     {"PUT", 429, false}, {"GET", 500, false}, {"GET", 504, false}};
BOOST_DATA_TEST_CASE_F(Scripted, a_write_that_failed_in_the_service_is_in_doubt, data::make(kDoubts), c) {
  wire().expect(c.method, "/x", c.status, "oops");
  Result<ArmAnswer> const answer = arm.send(c.method, "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().maybe_applied == c.doubt);
}

BOOST_FIXTURE_TEST_CASE(what_the_transport_says_is_passed_on, Scripted) {
  wire().expect(
      "PUT", "/x",
      Error{.kind = ErrorKind::Transient, .reason = "ConnectionLost", .message = "m", .maybe_applied = true});
  Result<ArmAnswer> const answer = arm.send("PUT", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().reason == "ConnectionLost");
  BOOST_TEST(answer.error().maybe_applied);
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_is_no_json_is_transient, Scripted) {
  wire().expect("GET", "/x", 200, "<html>").expect("PUT", "/x", 200, R"({"cut":)");
  Result<ArmAnswer> const read = arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {});
  Result<ArmAnswer> const written = arm.send("PUT", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE((!read && !written));
  BOOST_TEST((read.error().kind == ErrorKind::Transient && read.error().reason == "MalformedAnswer" &&
              !read.error().maybe_applied));
  BOOST_TEST(written.error().maybe_applied);
}

BOOST_FIXTURE_TEST_CASE(a_secret_in_an_error_is_blotted_out, Scripted) {
  scrubber.add_secret("swordfish");
  wire().expect("GET", "/x", 400,
                R"({"error":{"code":"C","message":"the key swordfish is bad, see https://h/?sig=abcd"}})");
  Result<ArmAnswer> const answer = arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().message.find("swordfish") == std::string::npos);
  BOOST_TEST(answer.error().message.find("abcd") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(pages_are_followed_on_the_same_host, Scripted) {
  wire()
      .expect(
          "GET", "/list?api-version=", 200,
          R"({"value":[1,2],"nextLink":"https://management.azure.com/list?$skiptoken=a&api-version=2023-10-01"})")
      .expect(
          "GET", "https://management.azure.com/list?$skiptoken=a&api-version=2023-10-01", 200,
          R"({"value":[],"nextLink":"https://management.azure.com/list?$skiptoken=b&api-version=2023-10-01"})")
      .expect("GET", "$skiptoken=b", 200, R"({"value":[3]})");
  std::int64_t sum = 0;
  Result<ArmList> const list = arm.list("/list", kVersion, Urgency::Periodic,
                                        [&](ArmAnswer const& page) {
                                          for (Json const& item : page.body.at("value").items())
                                            sum += item.integer_or(0);
                                          return true;
                                        },
                                        {});
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(sum == 6);
  BOOST_TEST(list->complete);
}

BOOST_FIXTURE_TEST_CASE(a_list_may_be_left_early, Scripted) {
  wire().expect("GET", "/list", 200,
                R"({"value":[1],"nextLink":"https://management.azure.com/list?$skiptoken=a"})");
  Result<ArmList> const list =
      arm.list("/list", kVersion, Urgency::Periodic, [](ArmAnswer const&) { return false; }, {});
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(!list->complete);
}

struct LinkCase {
  std::string link;
  friend std::ostream& operator<<(std::ostream& out, LinkCase const& c) { return out << c.link; }
};
std::vector<LinkCase> const kLinks{{"https://evil.example/list"},
                                   {"http://management.azure.com/list"},
                                   {"https://management.azure.com:444/list"},
                                   {"https://management.azure.com.evil.example/list"},
                                   {"https://management.azure.com@evil.example/list"},
                                   {"/list?$skiptoken=a"}};
BOOST_DATA_TEST_CASE_F(Scripted, no_token_goes_to_another_host_by_a_page, data::make(kLinks), c) {
  wire().expect("GET", "/list", 200, Json::object({{"value", Json::array()}, {"nextLink", c.link}}).dump());
  Result<ArmList> const list =
      arm.list("/list", kVersion, Urgency::Periodic, [](ArmAnswer const&) { return true; }, {});
  BOOST_TEST(!list.has_value());
  BOOST_TEST(wire().sent.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_goes_in_a_circle_ends, Scripted) {
  std::string const page = R"({"value":[1],"nextLink":"https://management.azure.com/list?$skiptoken=a"})";
  wire().expect("GET", "/list", 200, page).expect("GET", "/list", 200, page);
  BOOST_TEST(
      !arm.list("/list", kVersion, Urgency::Periodic, [](ArmAnswer const&) { return true; }, {}).has_value());
}

struct HostCase {
  std::string url;
  bool token, sas;
  friend std::ostream& operator<<(std::ostream& out, HostCase const& c) { return out << c.url; }
};
std::vector<HostCase> const kHosts{{"https://eastus.api.azureml.ms/history/v1.0/x", true, false},
                                   {"https://EASTUS.api.azureml.ms/x", true, false},
                                   {"http://eastus.api.azureml.ms/x", false, false},
                                   {"https://evilapi.azureml.ms/x", false, false},
                                   {"https://api.azureml.ms.evil.example/x", false, false},
                                   {"https://mine.blob.core.windows.net/c?sig=abcd", false, true},
                                   {"https://mine.blob.core.windows.net:443/c?sig=abcd", false, true},
                                   {"https://blob.core.windows.net.evil.example/c?sig=abcd", false, false},
                                   {"https://127.0.0.1/x", false, false}};
BOOST_DATA_TEST_CASE_F(Scripted, tokens_and_signatures_go_to_hosts_of_the_cloud_only, data::make(kHosts), c) {
  Result<Url> const token = arm.data_plane_url(c.url), sas = arm.storage_url(c.url);
  BOOST_TEST(token.has_value() == c.token);
  BOOST_TEST(sas.has_value() == c.sas);
  if (!sas) BOOST_TEST(sas.error().message.find("abcd") == std::string::npos);
  if (c.token) wire().expect("GET", "/", 200, "{}");
  BOOST_TEST(arm.send_data_plane("GET", c.url, Json(), Urgency::Edit, {}).has_value() == c.token);
}

BOOST_FIXTURE_TEST_CASE(the_limit_is_told_before_anything_is_sent, Scripted) {
  wire().expect("GET", "/x", 429, "", {{"Retry-After", "20"}}).expect("GET", "/x", 200, "{}");
  Result<ArmAnswer> const refused = arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().kind == ErrorKind::Throttled));
  Result<ArmAnswer> const early = arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {});
  BOOST_REQUIRE(!early.has_value());
  BOOST_TEST((early.error().kind == ErrorKind::Throttled));
  BOOST_TEST(early.error().retry_after->count() == 20000);
  BOOST_TEST(wire().sent.size() == 1U);
  clock.advance(seconds(20));
  BOOST_TEST(arm.send("GET", "/x", kVersion, Json(), Urgency::Edit, {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_log_and_the_metrics_tell_no_secret, Scripted) {
  std::string const zero =
      R"(trainyard_azure_requests_total{service="blob",status_class="none",verb="delete"} 0)";
  BOOST_TEST(metrics.text().find(zero) != std::string::npos);
  wire().expect("GET", "/list", 200, "{}",
                {{"x-ms-request-id", "r-1"}, {"x-ms-ratelimit-remaining-subscription-reads", "17"}});
  BOOST_REQUIRE(arm.send("GET", "/list?secret=swordfish", kVersion, Json(), Urgency::Edit, {}).has_value());
  BOOST_TEST(lines.find("/list") != std::string::npos);
  BOOST_TEST(lines.find("r-1") != std::string::npos);
  BOOST_TEST(lines.find("swordfish") == std::string::npos);
  BOOST_TEST(lines.find("t1") == std::string::npos);
  BOOST_TEST(metrics.text().find(
                 R"(trainyard_azure_requests_total{service="arm",status_class="2xx",verb="read"} 1)") !=
             std::string::npos);
  BOOST_TEST(metrics.text().find(R"(trainyard_azure_requests_remaining{subscription="S",verb="read"} 17)") !=
             std::string::npos);
}

}  // namespace
}  // namespace trainyard::azure
