#include "controller/base/log.hpp"

#include <ostream>
#include <thread>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/encoding.hpp"
#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using trainyard::test::why;

namespace {

struct Case {
  std::string text, clean;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.text; }

std::string const kJwt = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl-_";

Case const kSecrets[] = {
    {"GET https://a.blob/c?sv=2021&sig=abc%2Fdef%3D&se=1", "GET https://a.blob/c?sv=2021&sig=[hidden]&se=1"},
    {"https://a.blob/c?SIG=abc", "https://a.blob/c?SIG=[hidden]"},
    {"url=https%3A%2F%2Fa%3Fsig%3Dabc%26x", "url=https%3A%2F%2Fa%3Fsig%3D[hidden]"},
    {"grant_type=client_credentials&client_secret=s3cret~x&scope=y",
     "grant_type=client_credentials&client_secret=[hidden]&scope=y"},
    {"AccountName=x;AccountKey=abc/def+g==;EndpointSuffix=y",
     "AccountName=x;AccountKey=[hidden];EndpointSuffix=y"},
    {"SharedAccessSignature=sv=1", "SharedAccessSignature=[hidden]"},
    {"Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"},
    {"authorization: bearer abc, next", "authorization: bearer [hidden], next"},
    {"token " + kJwt + " is bad", "token [hidden] is bad"},
    {"x=" + kJwt, "x=[hidden]"},
    {"Bearer%20" + kJwt, "Bearer%20[hidden]"},
    {"\"line\\n" + kJwt + "\"", "\"line\\n[hidden]\""},
    {"MLFLOW_TRACKING_TOKEN=abc", "MLFLOW_TRACKING_TOKEN=[hidden]"},
    {R"({"access_token":"abc","x":1})", R"({"access_token":"[hidden]","x":1})"},
    {R"({"access_token" : "abc", "x":1})", R"({"access_token" : "[hidden]", "x":1})"},
    {R"({"clientSecret":"a b&c"})", R"({"clientSecret":"[hidden]"})"},
    {R"({"adminUserPassword":"p\"q\\"})", R"({"adminUserPassword":"[hidden]"})"},
    {R"({"sasToken":"sv=1"})", R"({"sasToken":"[hidden]"})"},
    {R"({"secretsType":"AccountKey","key":"abc=="})", R"({"secretsType":"AccountKey","key":"[hidden]"})"},
    {R"("body":"{\"password\":\"p\\\"q\",\"x\":\"y\"}")",
     R"("body":"{\"password\":\"[hidden]\",\"x\":\"y\"}")"},
    {R"({"password":"cut off)", R"({"password":"[hidden])"},
    {"sig=", "sig="},
    {"sig=[hidden]", "sig=[hidden]"},
    {"", ""},
    {"nothing to hide: signature, password rules, key value, eyJ.x",
     "nothing to hide: signature, password rules, key value, eyJ.x"},
    {R"({"password":12,"keyName":"key1","publicKey":"ssh-rsa A"})",
     R"({"password":12,"keyName":"key1","publicKey":"ssh-rsa A"})"},
};

struct Lines {
  FakeClock clock{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + std::chrono::hours(8)};
  Scrubber scrubber;
  std::vector<std::string> all;
  Logger logger(LogFormat format, LogLevel least = LogLevel::Debug) {
    return {clock, scrubber, format, least, [this](std::string_view line) { all.emplace_back(line); }};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(logging)

BOOST_DATA_TEST_CASE(what_looks_like_a_secret_is_hidden, data::make(kSecrets), c) {
  Scrubber const scrubber;
  BOOST_TEST(scrubber.scrub(c.text) == c.clean);
  BOOST_TEST(scrubber.scrub(c.clean) == c.clean);
}

BOOST_AUTO_TEST_CASE(told_secrets_are_hidden_in_every_form) {
  Scrubber scrubber;
  std::string const secret = "p\"w/x\ny w+1";
  scrubber.add_secret(secret);
  scrubber.add_secret("abcd");
  scrubber.add_secret("abcdefgh");
  scrubber.add_secret("abc");  // too short to be taken
  for (std::string const& form : {secret, percent_encode(secret), std::string("p%22w%2fx%0ay%20w%2b1"),
                                  std::string("p%22w%2Fx%0Ay+w%2B1"), percent_encode(percent_encode(secret)),
                                  Json(secret).dump(), Json(Json(secret).dump()).dump()})
    BOOST_TEST(scrubber.scrub("<" + form + ">").find("w") == std::string::npos, form);
  BOOST_TEST(scrubber.scrub("abcdefgh abcde abc") == "[hidden] [hidden]e abc");
}

BOOST_AUTO_TEST_CASE(told_secrets_are_hidden_within_base64) {
  std::string const secret = "s3cret>>value?";  // has what the two alphabets write differently
  Scrubber scrubber;
  scrubber.add_secret(secret);
  for (std::string const before : {"", "u", "us", "user:"})
    for (auto const encode : {base64, base64url}) {
      std::string const clean = scrubber.scrub("Basic " + encode(before + secret + "@host"));
      BOOST_TEST(clean.find("[hidden]") != std::string::npos, clean);
      Result<std::string> const rest = base64_decode(clean.substr(clean.find(']') + 1));
      BOOST_TEST((!rest || rest->find("value") == std::string::npos), clean);
    }
}

BOOST_AUTO_TEST_CASE(each_line_of_a_told_secret_is_hidden) {
  Scrubber scrubber;
  scrubber.add_secret(
      "-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADAN\r\nBgkqhkiG9w0B\nAQ==\n-----END PRIVATE KEY-----\n");
  BOOST_TEST(scrubber.scrub("1: MIIEvQIBADAN") == "1: [hidden]");
  BOOST_TEST(scrubber.scrub("2: BgkqhkiG9w0B") == "2: [hidden]");
  BOOST_TEST(scrubber.scrub("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----");
}

BOOST_AUTO_TEST_CASE(text_lines) {
  Lines lines;
  Logger const logger = lines.logger(LogFormat::Text);
  logger.info("run submitted",
              {{"name", "fit"}, {"attempt", 2}, {"why", "a b=c"}, {"none", ""}, {"on", true}});
  BOOST_REQUIRE(lines.all.size() == 1U);
  BOOST_TEST(lines.all[0] ==
             "2026-11-24T08:00:00Z INFO run submitted name=fit attempt=2 why=\"a b=c\" none=\"\" on=true");
}

BOOST_AUTO_TEST_CASE(json_lines) {
  Lines lines;
  Logger const logger = lines.logger(LogFormat::Json);
  logger.error("bad \"news\"", {{"name", "fit"}, {"detail", Json::object({{"a", 1}})}});
  BOOST_REQUIRE(lines.all.size() == 1U);
  BOOST_TEST(lines.all[0] ==
             R"({"time":"2026-11-24T08:00:00Z","level":"ERROR","msg":"bad \"news\"","name":"fit",)"
             R"("detail":{"a":1}})");
}

BOOST_AUTO_TEST_CASE(levels) {
  Lines lines;
  Logger const logger = lines.logger(LogFormat::Text, LogLevel::Warning);
  logger.debug("d");
  logger.info("i");
  logger.warning("w");
  logger.error("e");
  BOOST_REQUIRE(lines.all.size() == 2U);
  BOOST_TEST(lines.all[0].ends_with(" WARN w"));
  BOOST_TEST(lines.all[1].ends_with(" ERROR e"));
}

BOOST_AUTO_TEST_CASE(no_secret_gets_through_either_format) {
  for (LogFormat const format : {LogFormat::Text, LogFormat::Json}) {
    Lines lines;
    lines.scrubber.add_secret("told\nsecret");
    Logger const logger = lines.logger(format);
    logger.info("sig=hushhush", {{"body", R"({"access_token":"hushhush","more":{"password": "hush\"hush"}})"},
                                 {"url", "https://x/?sig=hushhush&a=b"},
                                 {"header", "Bearer hushhush"},
                                 {"deep", Json::object({{"client_secret", "hushhush"}})},
                                 {"token", "\n" + kJwt},
                                 {"value", "told\nsecret"}});
    BOOST_REQUIRE(lines.all.size() == 1U);
    std::string const& line = lines.all[0];
    BOOST_TEST(line.find("hush") == std::string::npos, line);
    BOOST_TEST(line.find("eyJ") == std::string::npos, line);
    BOOST_TEST(line.find("told") == std::string::npos, line);
    if (format == LogFormat::Json) {
      Result<Json> const read = Json::parse(line);
      BOOST_REQUIRE_MESSAGE(read, why(read) << line);
      BOOST_TEST(Json::parse(read->text("body")).value().text({"more", "password"}) == "[hidden]");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_is_cut_off_breaks_no_line) {
  Lines lines;
  lines.logger(LogFormat::Json).info(R"({"password":"hush)", {{"body", R"({"key":"hush)"}, {"name", "fit"}});
  Result<Json> const read = Json::parse(lines.all.at(0));
  BOOST_REQUIRE_MESSAGE(read, why(read) << lines.all[0]);
  BOOST_TEST(read->text("name") == "fit");
  BOOST_TEST(read->text("body") == R"({"key":"[hidden])");
  BOOST_TEST(read->text("msg") == R"({"password":"[hidden])");
}

BOOST_AUTO_TEST_CASE(control_characters_forge_no_line) {
  std::string control;
  for (char c = 1; c < 0x20; ++c) control += c;
  for (LogFormat const format : {LogFormat::Text, LogFormat::Json}) {
    Lines lines;
    lines.logger(format).info("text" + control,
                              {{"value", "x" + control}, {"bell", "\a"}, {"nul", std::string(1, '\0')}});
    BOOST_REQUIRE(lines.all.size() == 1U);
    for (char const c : lines.all[0]) BOOST_REQUIRE(static_cast<unsigned char>(c) >= 0x20);
  }
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_stay_whole) {
  Lines lines;
  Logger const logger = lines.logger(LogFormat::Text);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        for (int n = 0; n < 200; ++n) {
          lines.scrubber.add_secret("secret-" + std::to_string(i) + "-" + std::to_string(n));
          logger.info("line", {{"thread", i}});
        }
      });
  }
  BOOST_TEST(lines.all.size() == 800U);
}

BOOST_AUTO_TEST_SUITE_END()
