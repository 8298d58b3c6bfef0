#include "controller/base/http_proxy.hpp"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace trainyard;

namespace {

struct Case {
  std::string url;
  std::string proxy;  // for both schemes
  std::string no_proxy;
  std::string expected;  // "host:port user password", "direct" or "error"
};
std::ostream& operator<<(std::ostream& out, Case const& c) {
  return out << c.url << " via " << c.proxy << " except " << c.no_proxy;
}

std::string told(Result<std::optional<HttpProxy>> const& chosen) {
  if (!chosen) return "error";
  if (!*chosen) return "direct";
  HttpProxy const& proxy = **chosen;
  return proxy.host + ":" + std::to_string(proxy.port) +
         (proxy.user.empty() ? "" : " " + proxy.user + " " + proxy.password);
}

Case const kCases[] = {
    {"https://example.org/", "", "", "direct"},
    {"https://example.org/", "http://proxy:3128", "", "proxy:3128"},
    {"https://example.org/", "proxy:3128", "", "proxy:3128"},
    {"http://example.org/", "http://PROXY", "", "proxy:80"},
    {"https://example.org/", "http://me:p%40ss@proxy:1/", "", "proxy:1 me p@ss"},
    {"https://example.org/", "me@proxy:1", "", "proxy:1 me "},
    {"https://example.org/", "https://proxy:1", "", "error"},
    {"https://example.org/", "socks5://proxy:1", "", "error"},
    {"https://example.org/", "proxy:port", "", "error"},
    {"https://localhost:8443/", "proxy:1", "", "direct"},
    {"https://127.8.9.1/", "proxy:1", "", "direct"},
    {"https://[::1]/", "proxy:1", "", "direct"},
    {"https://128.8.9.1/", "proxy:1", "", "proxy:1"},
    {"https://example.org/", "proxy:1", "*", "direct"},
    {"https://example.org/", "proxy:1", "example.org", "direct"},
    {"https://example.org/", "proxy:1", "EXAMPLE.org", "direct"},
    {"https://a.example.org/", "proxy:1", "example.org", "direct"},
    {"https://a.example.org/", "proxy:1", "other, .example.org ,x", "direct"},
    {"https://a.example.org/", "proxy:1", "*.example.org", "direct"},
    {"https://badexample.org/", "proxy:1", "example.org", "proxy:1"},
    {"https://example.org.evil/", "proxy:1", "example.org", "proxy:1"},
    {"https://example.org/", "proxy:1", "example.org:443", "direct"},
    {"https://example.org:8443/", "proxy:1", "example.org:443", "proxy:1"},
    {"https://10.1.2.3/", "proxy:1", "10.0.0.0/8", "direct"},
    {"https://11.1.2.3/", "proxy:1", "10.0.0.0/8", "proxy:1"},
    {"https://10.1.2.3/", "proxy:1", "0.0.0.0/0", "direct"},
    {"https://10.1.2.3/", "proxy:1", "10.1.2.3", "direct"},
    {"https://10.1.2.3/", "proxy:1", "10.1.2.0/33,10.1.2.3/x,/8", "proxy:1"},
    {"https://example.org/", "proxy:1", " , ,,", "proxy:1"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_proxy)

BOOST_DATA_TEST_CASE(choice, data::make(kCases), c) {
  HttpProxySettings const settings{.https_proxy = c.proxy, .http_proxy = c.proxy, .no_proxy = c.no_proxy};
  BOOST_TEST(told(choose_proxy(settings, parse_url(c.url).value())) == c.expected);
}

BOOST_AUTO_TEST_CASE(each_scheme_has_its_own) {
  HttpProxySettings const settings{.https_proxy = "a:1", .http_proxy = "b:2", .no_proxy = ""};
  BOOST_TEST(told(choose_proxy(settings, parse_url("https://x.org").value())) == "a:1");
  BOOST_TEST(told(choose_proxy(settings, parse_url("http://x.org").value())) == "b:2");
}

BOOST_AUTO_TEST_CASE(a_password_is_not_repeated) {
  HttpProxySettings const settings{
      .https_proxy = "https://me:hushhush@proxy", .http_proxy = "", .no_proxy = ""};
  auto const chosen = choose_proxy(settings, parse_url("https://x.org").value());
  BOOST_REQUIRE(!chosen);
  BOOST_TEST(chosen.error().message.find("hushhush") == std::string::npos);
  BOOST_TEST(chosen.error().message.find("HTTPS_PROXY") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
