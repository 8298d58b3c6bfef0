#include "controller/base/yaml.hpp"

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

struct Scalar {
  std::string text, json;
};
std::ostream& operator<<(std::ostream& out, Scalar const& c) { return out << c.text; }

Scalar const kScalars[] = {
    {"true", "true"},
    {"True", "true"},
    {"TRUE", "true"},
    {"false", "false"},
    {"tRUE", "\"tRUE\""},
    {"yes", "\"yes\""},
    {"no", "\"no\""},
    {"on", "\"on\""},
    {"off", "\"off\""},
    {"y", "\"y\""},
    {"Y", "\"Y\""},
    {"'true'", "\"true\""},
    {"\"true\"", "\"true\""},
    {"null", "null"},
    {"~", "null"},
    {"", "null"},
    {"''", "\"\""},
    {"'null'", "\"null\""},
    {"010", "10"},
    {"-7", "-7"},
    {"+7", "7"},
    {"0x1F", "31"},
    {"0o17", "15"},
    {"0b11", "\"0b11\""},
    {"1_000", "\"1_000\""},
    {"0x", "\"0x\""},
    {"0xg", "\"0xg\""},
    {"0o8", "\"0o8\""},
    {"9223372036854775807", "9223372036854775807"},
    {"9223372036854775808", "\"9223372036854775808\""},
    {"1.5", "1.5"},
    {".5", "0.5"},
    {"5.", "5.0"},
    {"-1.5e3", "-1500.0"},
    {"+.5", "0.5"},
    {"1e3", "1000.0"},
    {"1E-2", "0.01"},
    {"1e400", "\"1e400\""},
    {"1.2.3", "\"1.2.3\""},
    {"1e", "\"1e\""},
    {"e3", "\"e3\""},
    {".", "\".\""},
    {"-.", "\"-.\""},
    {"1-2", "\"1-2\""},
    {"2024-01-01", "\"2024-01-01\""},
    {"12:30:45", "\"12:30:45\""},
    {"'1'", "\"1\""},
    {"inf", "\"inf\""},
    {"nan", "\"nan\""},
    {"'.inf'", "\".inf\""},
    {"text with spaces", "\"text with spaces\""},
    {"|\n  two\n  lines", "\"two\\nlines\\n\""},
    {">-\n  one\n  line", "\"one line\""},
    {"[1, a, [true]]", "[1,\"a\",[true]]"},
    {"{a: 1, b: {c: null}}", "{\"a\":1,\"b\":{\"c\":null}}"},
    {"&anchored x", "\"x\""},
};

struct Refusal {
  std::string text;
  int line, column;
  std::string word;  // in the message
};
std::ostream& operator<<(std::ostream& out, Refusal const& c) { return out << c.text.substr(0, 100); }

Refusal const kRefusals[] = {
    {"a: 1\nb: 2\na: 3", 3, 1, "'a' stands twice"},
    {",", 1, 1, "no value begins so"},
    {"---\na: 1\n---\n,b", 4, 1, "no value begins so"},
    {"x:\n  a: 1\n  'a': 2", 3, 3, "'a' stands twice"},
    {"{a: 1, a: 2}", 1, 8, "'a' stands twice"},
    {"a: &x {b: 1}\nc:\n  <<: *x", 3, 7, "alias"},
    {"c:\n  <<: {b: 1}", 2, 3, "merge key"},
    {"a: &x 1\nb: *x", 2, 4, "alias"},
    {"a: &x [*x]", 1, 8, "alias"},
    {"a: *unknown", 1, 4, "anchor"},
    {"a: !!binary aGk=", 1, 4, "tag"},
    {"a: !!str 1", 1, 4, "tag"},
    {"!!map {a: 1}", 1, 1, "tag"},
    {"a: !mine x", 1, 4, "tag"},
    {"a: .inf", 1, 4, "no number JSON knows"},
    {"a: -.INF", 1, 4, "no number JSON knows"},
    {"a:\n- .NaN", 2, 3, "no number JSON knows"},
    {"1: x", 1, 1, "key"},
    {"a: {true: x}", 1, 5, "key"},
    {"~: x", 1, 1, "key"},
    {"1.5: x", 1, 1, "key"},
    {".inf: x", 1, 1, "key"},
    {"[a]: x", 1, 1, "key"},
    {"? {a: b}\n: x", 1, 3, "key"},
    {"a: 'open", 1, 9, ""},
    {"a: [1, 2", 1, 1, ""},
    {"a: b: c", 1, 5, ""},
    {"a: 1\n\tb: 2", 2, 1, ""},
    {"a: 1\n---\nb: {", 3, 1, ""},
    {"a: \xff", 1, 1, "UTF-8"},
    {"a: \"\\_x\"", 1, 4, "escape"},
    {"\"\\N\": x", 1, 1, "escape"},
    {std::string("a: \0b", 5), 1, 1, "NUL"},
    {std::string((std::size_t{1} << 20U) + 1, ' '), 1, 1, "1 MiB"},
    {std::string(101, '[') + std::string(101, ']'), 1, 101, "100 deep"},
};

Json only(std::string const& text) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  BOOST_REQUIRE_MESSAGE(documents, why(documents) << "\n" << text);
  BOOST_REQUIRE(documents->size() == 1U);
  return documents->front().value;
}

/// Any JSON value, with texts that are easily taken for something else.
Json arbitrary(Random& random, int depth) {
  static std::string const kTexts[] = {
      "",     "a",      "yes",  "1",    "0x1F", "1e3",    "true",      "null",   "~",           "- a",
      "a: b", "#c",     "a #c", " a",   "a ",   "a\nb\n", "\"q\"",     "'q'",    "&a",          "*a",
      "!t",   "|",      ">",    "%d",   "@a",   "`a`",    "---",       "...",    "?",           "<<",
      ":",    "{a: 1}", "[a]",  "a\tb", "\x01", "\x7f",   "\xc3\xa4",  ".inf",   "-.5",         "=",
      "-",    "a,b",    "010",  "\\",   "a:",   "on",     "2024-01-1", "x\r\ny", "\xe2\x82\xac"};
  std::uint64_t const kind = random.next() % (depth == 0 ? 5 : 7);
  auto const text = [&] { return kTexts[random.next() % std::size(kTexts)]; };
  auto const count = [&] { return random.next() % 4; };
  switch (kind) {
    case 0:
      return nullptr;
    case 1:
      return random.next() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random.next());
    case 3:
      return static_cast<double>(random.next() % 1000) / 8;
    case 4:
      return text();
    case 5: {
      Json array = Json::array();
      for (auto left = count(); left > 0; --left) array.push_back(arbitrary(random, depth - 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (auto left = count(); left > 0; --left) object[text()] = arbitrary(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(yaml)

BOOST_DATA_TEST_CASE(scalars, data::make(kScalars), c) {
  BOOST_TEST(only("value: " + c.text + "\n").at("value").dump() == c.json);
}

BOOST_DATA_TEST_CASE(refused_with_the_place, data::make(kRefusals), c) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(c.text);
  BOOST_REQUIRE(!documents);
  Error const& error = documents.error();
  BOOST_TEST(to_string(error.kind) == "Invalid");
  BOOST_TEST(error.reason == "InvalidYaml");
  BOOST_TEST(error.message.starts_with(std::to_string(c.line) + ":" + std::to_string(c.column) + ": "),
             error.message);
  BOOST_TEST(error.message.find(c.word) != std::string::npos, error.message);
}

BOOST_AUTO_TEST_CASE(keys_that_look_like_something_else_are_fine_when_quoted) {
  BOOST_TEST(only("'1': a\n\"true\": b\n'<<': c\non: d\n").dump() ==
             R"({"1":"a","true":"b","<<":"c","on":"d"})");
}

BOOST_AUTO_TEST_CASE(alias_bombs_take_no_time) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string const before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 8; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  BOOST_TEST(why(parse_yaml(bomb)).find("2:10: ") != std::string::npos, why(parse_yaml(bomb)));
}

BOOST_AUTO_TEST_CASE(many_keys_take_no_time) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "k" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  BOOST_TEST(only(text).members().size() == 60'000U);
}

BOOST_AUTO_TEST_CASE(documents_and_places) {
  auto const documents = parse_yaml(R"(# first
kind: A
spec:
  script:
    arguments:
    - one
    - {deep: 1}
---
---
# nothing
--- null
---
kind: B
)");
  BOOST_REQUIRE_MESSAGE(documents, why(documents));
  BOOST_REQUIRE(documents->size() == 2U);
  YamlDocument const& first = documents->front();
  auto const at = [&](std::string const& path) {
    BOOST_REQUIRE_MESSAGE(first.places.contains(path), path);
    SourcePlace const place = first.places.at(path);
    return std::to_string(place.line) + ":" + std::to_string(place.column);
  };
  BOOST_TEST(first.place.line == 2);
  BOOST_TEST(first.place.column == 1);
  BOOST_TEST(at("") == "2:1");
  BOOST_TEST(at("kind") == "2:1");
  BOOST_TEST(at("spec.script") == "4:3");
  BOOST_TEST(at("spec.script.arguments") == "5:5");
  BOOST_TEST(at("spec.script.arguments[0]") == "6:7");
  BOOST_TEST(at("spec.script.arguments[1].deep") == "7:8");
  BOOST_TEST(documents->back().value.text("kind") == "B");
  BOOST_TEST(documents->back().place.line == 13);
}

BOOST_AUTO_TEST_CASE(no_document) {
  for (std::string const text : {"", "\n", "# only a comment\n", "---\n", "---\n---\n"}) {
    auto const documents = parse_yaml(text);
    BOOST_REQUIRE_MESSAGE(documents, why(documents));
    BOOST_TEST(documents->empty());
  }
}

BOOST_AUTO_TEST_CASE(json_is_yaml) {
  std::string const text = R"({"a":[1,-2.5,true,null,"x\/\u00e4\n"],"b":{"c":{}},"d":[]})";
  BOOST_TEST((only(text) == Json::parse(text).value()));
  BOOST_TEST((only(Json::parse(text).value().dump_pretty()) == Json::parse(text).value()));
}

BOOST_AUTO_TEST_CASE(depth) {
  BOOST_TEST(why(parse_yaml(std::string(500'000, '['))).find("100 deep") != std::string::npos);
  BOOST_TEST(bool(parse_yaml(std::string(100, '[') + std::string(100, ']'))));
}

BOOST_AUTO_TEST_CASE(block_style) {
  Json const value = Json::parse(R"({"kind":"A","none":null,"list":["a",{"x":1,"z":[true]},["b",["c"]],[],{}],
                                     "text":"a: b","lines":"a\nb","number":"1","deep":{"er":{"est":1.5}}})")
                         .value();
  BOOST_TEST(to_yaml(value) == R"(kind: A
none: null
list:
- a
- x: 1
  z:
  - true
- - b
  - - c
- []
- {}
text: "a: b"
lines: "a\nb"
number: "1"
deep:
  er:
    est: 1.5
)");
  BOOST_TEST(to_yaml(Json("x")) == "x\n");
  for (char const* const text : {"...", "\xEF\xBB\xBF", "\xEF\xBB\xBFx", "---", "? x", "<<"})
    BOOST_TEST((only(to_yaml(Json(text))) == Json(text)), text);
  BOOST_TEST(to_yaml(Json::object()) == "{}\n");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_as_the_same) {
  SeededRandom random(11);
  for (int i = 0; i < 1000; ++i) {
    Json const value = Json::object({{"value", arbitrary(random, 4)}});
    std::string const text = to_yaml(value);
    Json const again = only(text);
    BOOST_REQUIRE_MESSAGE(again == value, value.dump() << "\n" << text << "\n" << again.dump());
    BOOST_REQUIRE_MESSAGE(again.dump() == value.dump(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
