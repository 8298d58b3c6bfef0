#include "controller/base/json.hpp"

#include <cstring>
#include <limits>
#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/random.hpp"
#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using trainyard::test::why;

namespace {

Json parsed(std::string_view text) {
  Result<Json> value = Json::parse(text);
  BOOST_REQUIRE_MESSAGE(value, why(value));
  return std::move(*value);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

struct Case {
  std::string text;
  std::string dumped;  // empty: refused
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.text; }

Case const kTexts[] = {
    {"null", "null"},
    {" \t\r\n true ", "true"},
    {"false", "false"},
    {"0", "0"},
    {"-0", "0.0"},
    {"-12", "-12"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", "9223372036854776000.0"},
    {"1.0", "1.0"},
    {"1e2", "100.0"},
    {"0.1", "0.1"},
    {"1E-7", "1e-7"},
    {"1e-400", "0.0"},
    {"0." + std::string(400, '0') + "1", "0.0"},
    {R"("a\u00e4\ud83d\ude00\/\"\\\n")", "\"a\xc3\xa4\xf0\x9f\x98\x80/\\\"\\\\\\n\""},
    {R"("\u0000")", R"("\u0000")"},
    {"[]", "[]"},
    {"{}", "{}"},
    {R"({"b":[1,{"a":null}],"a":""})", R"({"b":[1,{"a":null}],"a":""})"},
    {R"({"":1,"a":{"":2}})", R"({"":1,"a":{"":2}})"},

    {"", ""},
    {" ", ""},
    {"nul", ""},
    {"True", ""},
    {"NaN", ""},
    {"Infinity", ""},
    {"01", ""},
    {"+1", ""},
    {".5", ""},
    {"5.", ""},
    {"1e", ""},
    {"0x1", ""},
    {"-", ""},
    {"1e400", ""},
    {"-1e400", ""},
    {"1" + std::string(400, '0'), ""},
    {"'a'", ""},
    {"\"a", ""},
    {"\"\n\"", ""},
    {R"("\x")", ""},
    {R"("\ud83d")", ""},
    {R"("\ude00")", ""},
    {R"({"\ude00":1})", ""},
    {"\"\xff\"", ""},
    {"\"\xc0\x80\"", ""},
    {"\"\xed\xa0\x80\"", ""},
    {"[1,]", ""},
    {"[1 2]", ""},
    {"[1", ""},
    {"{\"a\":1,}", ""},
    {"{a:1}", ""},
    {"{\"a\" 1}", ""},
    {"{\"a\":1", ""},
    {"{} {}", ""},
    {"1 1", ""},
    {"{}x", ""},
    {std::string("{}\0{}", 5), ""},
    {"// no\n1", ""},
    {R"({"a":1,"a":1})", ""},
    {R"({"a":1,"b":{"c":1,"d":2,"c":3}})", ""},
    {R"({"a":1,"\u0061":2})", ""},
};

struct CanonicalNumber {
  std::uint64_t bits;
  std::string text;
};
std::ostream& operator<<(std::ostream& out, CanonicalNumber const& c) { return out << c.text; }

// Source: RFC 8785, appendix B.
CanonicalNumber const kNumbers[] = {
    {0x0000000000000000, "0"},
    {0x8000000000000000, "0"},
    {0x0000000000000001, "5e-324"},
    {0x8000000000000001, "-5e-324"},
    {0x7fefffffffffffff, "1.7976931348623157e+308"},
    {0xffefffffffffffff, "-1.7976931348623157e+308"},
    {0x4340000000000000, "9007199254740992"},
    {0xc340000000000000, "-9007199254740992"},
    {0x4430000000000000, "295147905179352830000"},
    {0x44b52d02c7e14af5, "9.999999999999997e+22"},
    {0x44b52d02c7e14af6, "1e+23"},
    {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
    {0x444b1ae4d6e2ef4e, "999999999999999700000"},
    {0x444b1ae4d6e2ef4f, "999999999999999900000"},
    {0x444b1ae4d6e2ef50, "1e+21"},
    {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
    {0x3eb0c6f7a0b5ed8d, "0.000001"},
    {0x41b3de4355555553, "333333333.3333332"},
    {0x41b3de4355555554, "333333333.33333325"},
    {0x41b3de4355555555, "333333333.3333333"},
    {0x41b3de4355555556, "333333333.3333334"},
    {0x41b3de4355555557, "333333333.33333343"},
    {0xbecbf647612f3696, "-0.0000033333333333333333"},
    {0x43143ff3c1cb0959, "1424953923781206.2"},
};

double from_bits(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_DATA_TEST_CASE(strict, data::make(kTexts), c) {
  Result<Json> const value = Json::parse(c.text);
  if (c.dumped.empty()) {
    BOOST_REQUIRE(!value);
    BOOST_TEST(to_string(value.error().kind) == "Invalid");
    BOOST_TEST(value.error().reason == "InvalidJson");
    return;
  }
  BOOST_REQUIRE_MESSAGE(value, why(value));
  BOOST_TEST(value->dump() == c.dumped);
  BOOST_TEST((parsed(value->dump()) == *value));
}

BOOST_AUTO_TEST_CASE(errors_say_what_and_where) {
  BOOST_TEST(Json::parse(R"({"name":1,"name":2})").error().message ==
             "no JSON: the name \"name\" stands twice in one object (byte 18)");
  BOOST_TEST(why(Json::parse("[1.8e308]")).find("1.8e308 is too large") != std::string::npos);
  BOOST_TEST(why(Json::parse("[1,]")).find("(byte 3)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(depth_is_bounded_and_no_danger) {
  BOOST_TEST(bool(Json::parse(nested(200))));
  BOOST_TEST(!Json::parse(nested(201)));
  Result<Json> const deep = Json::parse(std::string(2'000'000, '['));
  BOOST_TEST(why(deep).find("200 deep") != std::string::npos, why(deep));
  std::string objects;
  for (int i = 0; i < 201; ++i) objects += "{\"a\":";
  BOOST_TEST(why(Json::parse(objects)).find("200 deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_object_of_many_names_takes_no_time) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  Json const value = parsed(text + "\"last\":true}");
  BOOST_TEST(value.members().size() == 200'001U);
  BOOST_TEST(value.at("199999").integer_or(0) == 199'999);
  BOOST_TEST(!Json::parse(text + "\"7\":true}"));
}

BOOST_AUTO_TEST_CASE(doubles_round_trip) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    double const value = from_bits(random.next());
    if (value != value || value - value != 0) continue;
    Json const again = parsed(Json(value).dump());
    BOOST_REQUIRE(again.number_or(1) == value);
    BOOST_REQUIRE(!again.is_integer());
    BOOST_REQUIRE(parsed(Json(value).canonical()).number_or(1) == value);
  }
}

BOOST_DATA_TEST_CASE(canonical_numbers, data::make(kNumbers), c) {
  BOOST_TEST(Json(from_bits(c.bits)).canonical() == c.text);
}

BOOST_AUTO_TEST_CASE(canonical_integers_are_doubles_to_others) {
  BOOST_TEST(Json(7).canonical() == "7");
  BOOST_TEST(Json(7.0).canonical() == "7");
  BOOST_TEST(Json((std::int64_t{1} << 53) + 1).canonical() == "9007199254740992");
  BOOST_TEST(Json(std::numeric_limits<std::int64_t>::max()).canonical() == "9223372036854776000");
}

BOOST_AUTO_TEST_CASE(what_is_no_number_of_json_is_null) {
  BOOST_TEST(Json(std::numeric_limits<double>::infinity()).dump() == "null");
  BOOST_TEST(Json(std::numeric_limits<double>::quiet_NaN()).canonical() == "null");
}

// Source: RFC 8785, sections 3.2.2 and 3.2.3.
BOOST_AUTO_TEST_CASE(canonical_form_of_the_rfc) {
  BOOST_TEST(parsed(R"({"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                        "literals": [null, true, false]})")
                 .canonical() ==
             "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
             "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  Json const keys = parsed(R"({"\u20ac":"Euro Sign","\r":"Carriage Return",
      "\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face",
      "\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})");
  BOOST_TEST(keys.canonical() ==
             "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
             "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
             "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
             "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
  BOOST_TEST(Json("\b\f\t\x1f\x7f").canonical() == "\"\\b\\f\\t\\u001f\x7f\"");
}

BOOST_AUTO_TEST_CASE(pretty) {
  BOOST_TEST(parsed(R"({"b":[1,[],{}],"a":{"c":"x"}})").dump_pretty() == R"({
  "b": [
    1,
    [],
    {}
  ],
  "a": {
    "c": "x"
  }
})");
}

BOOST_AUTO_TEST_CASE(accessors_never_throw) {
  Json const kinds[] = {
      Json(), Json(true), Json(7), Json(1.5), Json("x"), Json::array({1}), Json::object({{"a", 1}})};
  std::string_view const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    Json const& kind = kinds[i];
    BOOST_TEST(kind.type_name() == names[i]);
    BOOST_TEST(kind.bool_or(false) == (i == 1));
    BOOST_TEST(kind.integer_or(-1) == (i == 2 ? 7 : -1));
    BOOST_TEST(kind.number_or(-1) == (i == 2 ? 7 : i == 3 ? 1.5 : -1));
    BOOST_TEST(kind.string_or("other") == (i == 4 ? "x" : "other"));
    BOOST_TEST(kind.items().size() == (i == 5 ? 1U : 0U));
    BOOST_TEST(kind.members().size() == (i == 6 ? 1U : 0U));
    BOOST_TEST((kind.find("a") != nullptr) == (i == 6));
    BOOST_TEST(kind.at({"a", "b", "c"}).is_null());
    BOOST_TEST(kind.text("a").empty());
  }
}

BOOST_AUTO_TEST_CASE(paths) {
  Json const value = parsed(R"({"properties":{"status":"Running","count":3}})");
  BOOST_TEST(value.text({"properties", "status"}) == "Running");
  BOOST_TEST(value.text({"properties", "count"}).empty());
  BOOST_TEST(value.at({"properties", "count"}).integer_or(0) == 3);
  BOOST_TEST(value.at({"properties", "absent", "deeper"}).is_null());
  BOOST_TEST(&value.at({}) == &value);
}

BOOST_AUTO_TEST_CASE(writing) {
  Json value;
  value["b"]["c"] = 1;
  value["a"].push_back("x");
  value["a"].push_back(nullptr);
  value["b"]["c"] = 2;
  BOOST_TEST(value.dump() == R"({"b":{"c":2},"a":["x",null]})");
  value.erase("b");
  value.erase("absent");
  BOOST_TEST(value.dump() == R"({"a":["x",null]})");
  value["a"].push_back(Json::array());
  value["a"].erase("of no object");
  BOOST_TEST(value.dump() == R"({"a":["x",null,[]]})");
}

BOOST_AUTO_TEST_CASE(equality_is_of_values) {
  BOOST_TEST((parsed(R"({"a":1,"b":[1,2]})") == parsed(R"({"b":[1,2],"a":1})")));
  BOOST_TEST((Json(1) == Json(1.0)));
  BOOST_TEST((parsed(R"({"a":[{"x":1}]})") == parsed(R"({"a":[{"x":1.0}]})")));
  BOOST_TEST(!(parsed("[1,2]") == parsed("[2,1]")));
  BOOST_TEST(!(parsed(R"({"a":null})") == parsed("{}")));
  BOOST_TEST(!(parsed(R"({"a":null})") == parsed(R"({"b":null})")));
  BOOST_TEST(!(Json("1") == Json(1)));
  BOOST_TEST(!(Json(false) == Json()));
}

BOOST_AUTO_TEST_SUITE_END()
