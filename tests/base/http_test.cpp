#include "controller/base/http.hpp"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using trainyard::test::why;

namespace {

struct Case {
  std::string text;
  std::string origin, path, query;  // origin empty: refused
  int port = 0;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.text; }

Case const kCases[] = {
    {"https://example.org", "https://example.org", "/", "", 443},
    {"HTTPS://Example.ORG:443/A%2fB", "https://example.org", "/A%2fB", "", 443},
    {"http://example.org:8080/a/b?x=1&y=%20", "http://example.org:8080", "/a/b", "x=1&y=%20", 8080},
    {"http://example.org?x=a?b/c", "http://example.org", "/", "x=a?b/c", 80},
    {"http://127.0.0.1:1/", "http://127.0.0.1:1", "/", "", 1},
    {"https://[::1]:8443/x", "https://[::1]:8443", "/x", "", 8443},
    {"https://[::1]/x", "https://[::1]", "/x", "", 443},
    {"https://a_b-c.example/", "https://a_b-c.example", "/", "", 443},
    {"", "", "", ""},
    {"example.org/x", "", "", ""},
    {"ftp://example.org/", "", "", ""},
    {"https://", "", "", ""},
    {"https:///path", "", "", ""},
    {"https://user:pass@example.org/", "", "", ""},
    {"https://example.org:/", "", "", ""},
    {"https://example.org:0/", "", "", ""},
    {"https://example.org:65536/", "", "", ""},
    {"https://example.org:4x/", "", "", ""},
    {"https://example.org:99999999999999/", "", "", ""},
    {"https://exa mple.org/", "", "", ""},
    {"https://example.org/a b", "", "", ""},
    {"https://example.org/\r\nX: y", "", "", ""},
    {"https://example.org/\xc3\xa4", "", "", ""},
    {"https://example.org/#part", "", "", ""},
    {"https://exam%70le.org/", "", "", ""},
    {"https://[::1/", "", "", ""},
    {"https://[]/", "", "", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http)

BOOST_DATA_TEST_CASE(urls, data::make(kCases), c) {
  Result<Url> const url = parse_url(c.text);
  if (c.origin.empty()) {
    BOOST_REQUIRE(!url);
    BOOST_TEST(to_string(url.error().kind) == "Invalid");
    return;
  }
  BOOST_REQUIRE_MESSAGE(url, why(url));
  BOOST_TEST(url->origin() == c.origin);
  BOOST_TEST(url->path == c.path);
  BOOST_TEST(url->query == c.query);
  BOOST_TEST(url->port == c.port);
}

BOOST_AUTO_TEST_CASE(no_secret_of_a_bad_address_is_repeated) {
  for (std::string const text :
       {"https://host/a b?sig=hushhush", "https://me:hushhush@host/", "ftp://host/?sig=hushhush"})
    BOOST_TEST(parse_url(text).error().message.find("hushhush") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(parameters_are_decoded) {
  Url const url =
      parse_url("https://h/?api-version=2024-04-01&%24Filter=a%20eq+b&empty=&bare&x=1&x=2").value();
  BOOST_TEST(url.parameter("API-Version").value() == "2024-04-01");
  BOOST_TEST(url.parameter("$filter").value() == "a eq b");
  BOOST_TEST(url.parameter("empty").value() == "");
  BOOST_TEST(url.parameter("bare").value() == "");
  BOOST_TEST(url.parameter("x").value() == "1");
  BOOST_TEST(!url.parameter("api"));
  BOOST_TEST(!parse_url("https://h/").value().parameter(""));
}

BOOST_AUTO_TEST_CASE(headers) {
  HttpHeaders const given{{"Retry-After", "1"}, {"retry-after", "2"}};
  BOOST_TEST(find_header(given, "RETRY-AFTER").value() == "1");
  BOOST_TEST(!find_header(given, "Retry"));
  BOOST_TEST(valid_header("X-Ms-Date", "Tue, 1 Jan\t\xc3\xa4"));
  for (auto const& [name, value] : HttpHeaders{{"", "x"},
                                               {"a b", "x"},
                                               {"a:", "x"},
                                               {"a\r\n", "x"},
                                               {"a", "x\r\ny"},
                                               {"a", "x\ny"},
                                               {"a", "x\ry"},
                                               {"a", std::string(1, '\0')},
                                               {"\xc3\xa4", "x"}})
    BOOST_TEST(!valid_header(name, value), name + "=" + value);
}

BOOST_AUTO_TEST_SUITE_END()
