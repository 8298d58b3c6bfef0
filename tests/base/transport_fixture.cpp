#include "tests/base/transport_fixture.hpp"

#include <algorithm>
#include <fstream>

#include <boost/test/unit_test.hpp>

#include "tests/base/http_conformance.hpp"

namespace trainyard::test {

SystemClock const kClock;

Context within(Duration time) { return {.stop = {}, .deadline = kClock.steady() + time}; }

Authority const& authority() {
  static Authority const the_one;
  return the_one;
}

ScriptedTls tls(int newest) {
  return {authority().server.certificate_pem, authority().server.key_pem, newest};
}

HttpTransportOptions trusting() {
  HttpTransportOptions options;
  options.ca_pem = authority().ca.certificate_pem;
  options.system_roots = false;
  return options;
}

std::string url_of(ScriptedServer const& server, bool https, std::string const& path) {
  return (https ? "https://localhost:" : "http://localhost:") + std::to_string(server.port()) + path;
}

std::string path_of(std::string const& request) {
  auto const begin = request.find(' ') + 1;
  return request.substr(begin, request.find(' ', begin) - begin);
}

ScriptedServer::Script playing(std::function<bool(Connection&)> play) {
  return [play = std::move(play)](Connection& c) {
    while (auto const request = c.read_request()) {
      std::string const path = path_of(*request);
      bool const goes_on = path == "/case" ? play(c) : c.write(answer(path));
      if (!goes_on) return;
    }
  };
}

void forget_peak_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }
long peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      long value = 0;
      status >> value;
      return value;
    }
  return 0;
}

void check_error(Result<HttpResponse> const& result, ErrorKind kind,
                 std::vector<std::string> const& reasons) {
  BOOST_REQUIRE(!result);
  bool const expected = std::find(reasons.begin(), reasons.end(), result.error().reason) != reasons.end();
  BOOST_TEST(expected, result.error().reason + ": " + result.error().message);
  BOOST_TEST(to_string(result.error().kind) == to_string(kind));
}

}  // namespace trainyard::test
