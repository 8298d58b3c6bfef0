#include "controller/base/http_transport.hpp"

#include <atomic>
#include <cstdlib>
#include <future>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/base/random.hpp"
#include "tests/base/gzipped.hpp"
#include "tests/base/http_conformance.hpp"
#include "tests/base/scripted_server.hpp"
#include "tests/base/transport_fixture.hpp"
#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using namespace trainyard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

void run_case(Implementation const& implementation, ConformanceCase const& c, bool https) {
  ScriptedServer server(playing(c.play), https ? std::optional(tls()) : std::nullopt);
  HttpTransportOptions options = trusting();
  options.quiet_time = c.quiet_time;
  auto const transport = implementation.make(options, kClock);
  auto const get = [&](std::string const& path) {
    return transport->send({.url = url_of(server, https, path)}, within(seconds(20)));
  };
  if (c.warm) BOOST_REQUIRE(get("/warm"));
  forget_peak_memory();
  long const memory_before = peak_memory_kib();
  SteadyTime const start = kClock.steady();
  HttpRequest const request{.method = c.method,
                            .url = url_of(server, https, "/case"),
                            .body = c.method == "PUT" ? "content" : "",
                            .max_response = c.max_response};
  Result<HttpResponse> const result = transport->send(request, within(c.deadline));
  BOOST_TEST((kClock.steady() - start <= c.deadline + kSlack));
  BOOST_TEST(peak_memory_kib() - memory_before < kMostKib);
  if (c.status == 0) {
    check_error(result, c.kind, c.reasons);
    BOOST_TEST(result.error().maybe_applied == c.maybe_applied);
  } else {
    BOOST_REQUIRE_MESSAGE(result, why(result));
    BOOST_TEST(result->status == c.status);
    BOOST_TEST(result->body == c.body);
  }
  BOOST_TEST(server.requests_with(c.method + " /case ") == c.sent);
  for (std::string const path : {"/next/1", "/next/2", "/next/3"}) {
    Result<HttpResponse> const next = get(path);
    BOOST_REQUIRE_MESSAGE(next, why(next));
    BOOST_TEST(next->body == path);
  }
  BOOST_TEST(server.requests_with("/next/redirected") == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_transport)

BOOST_DATA_TEST_CASE(conformance, data::make(conformance_cases()), c) {
  for (Implementation const& implementation : implementations())
    for (bool const https : {false, true})
      if (https || !c.only_tls) {
        BOOST_TEST_CONTEXT(implementation.name << (https ? " over TLS" : " in plain")) {
          run_case(implementation, c, https);
        }
      }
}

BOOST_AUTO_TEST_CASE(reads_reuse_a_connection_and_writes_have_their_own) {
  ScriptedServer server(playing({}), tls());
  auto const transport = make_http_transport(trusting(), kClock);
  auto const send = [&](std::string const& method) {
    BOOST_TEST(bool(transport->send({.method = method, .url = url_of(server, true, "/x")}, within(kSlack))));
  };
  for (int i = 0; i < 5; ++i) send("GET");
  BOOST_TEST(server.connections() == 1);
  for (int i = 0; i < 3; ++i) send("PUT");
  BOOST_TEST(server.connections() == 4);
  send("GET");
  BOOST_TEST(server.connections() == 4);
}

BOOST_AUTO_TEST_CASE(repeatable_writes_reuse_a_connection_too) {
  ScriptedServer server(
      [](Connection& c) {
        for (int i = 0; i < 3 && c.read_request(); ++i) c.write(answer("done"));
        c.read_request();  // the fourth has no answer
      },
      tls());
  auto const transport = make_http_transport(trusting(), kClock);
  HttpRequest const put{.method = "PUT", .url = url_of(server, true, "/x"), .body = "b", .repeatable = true};
  for (int i = 0; i < 3; ++i) BOOST_TEST(bool(transport->send(put, within(kSlack))));
  BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_write_on_a_used_connection_that_is_given_up_may_have_been_applied) {
  ScriptedServer server(
      [](Connection& c) {
        if (c.read_request()) c.write(answer("done"));
        c.read_request();
        c.wait_for_end();
      },
      tls());
  auto const transport = make_http_transport(trusting(), kClock);
  HttpRequest const put{.method = "PUT", .url = url_of(server, true, "/x"), .body = "b", .repeatable = true};
  BOOST_TEST(bool(transport->send(put, within(kSlack))));
  auto const result = transport->send(put, within(milliseconds(200)));
  check_error(result, ErrorKind::Canceled, {"DeadlineExceeded"});
  BOOST_TEST(result.error().maybe_applied);
  BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_write_whose_second_sending_found_nobody_may_have_been_applied) {
  ScriptedServer server(
      [](Connection& c) {
        if (c.read_request()) c.write(answer("done"));
        c.read_request();
        c.cut();
      },
      tls());
  ScriptedServer front([&](Connection& c) {
    if (c.number() == 0) c.splice_to(server.port());
  });
  auto const transport = make_http_transport(trusting(), kClock);
  HttpRequest const put{.method = "PUT", .url = url_of(front, true, "/x"), .body = "b", .repeatable = true};
  BOOST_TEST(bool(transport->send(put, within(kSlack))));
  auto const result = transport->send(put, within(kSlack));
  check_error(result, ErrorKind::Transient, {"TlsHandshakeFailed", "ConnectionLost"});
  BOOST_TEST(result.error().maybe_applied);
  BOOST_TEST(server.requests_with("PUT") == 2);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_that_the_server_closed_is_not_used) {
  ScriptedServer server([](Connection& c) {
    if (c.read_request()) c.write(answer("once"));
  });
  auto const transport = make_http_transport(trusting(), kClock);
  for (int i = 1; i <= 3; ++i) {
    BOOST_TEST(bool(transport->send({.url = url_of(server, false, "/x")}, within(kSlack))));
    BOOST_TEST(server.wait_for_idle());
    BOOST_TEST(server.requests_with("GET /x") == i);
  }
}

BOOST_AUTO_TEST_CASE(the_request_arrives_as_it_was_given) {
  ScriptedServer server(playing({}), tls());
  auto const transport = make_http_transport(trusting(), kClock);
  std::string const target = "/a%2Fb/c;d=e/'f'(g)//~h?x=%20y&z=a+b&sig=%2B%3D&$filter=a eq b";
  std::string const encoded = "/a%2Fb/c;d=e/'f'(g)//~h?x=%20y&z=a+b&sig=%2B%3D&$top=1";
  std::string const body(std::size_t{3} << 20U, 'b');
  auto const result =
      transport->send({.method = "PATCH",
                       .url = url_of(server, true, encoded),
                       .headers = {{"Authorization", "Bearer abc"}, {"Content-Type", "text/x"}},
                       .body = body},
                      within(seconds(20)));
  BOOST_REQUIRE_MESSAGE(result, why(result));
  BOOST_TEST(result->body == encoded);
  std::string const seen = server.requests().at(0);
  BOOST_TEST(seen.starts_with("PATCH " + encoded + " HTTP/1.1\r\n"));
  BOOST_TEST(header_of(seen, "Host") == "localhost:" + std::to_string(server.port()));
  BOOST_TEST(header_of(seen, "Authorization") == "Bearer abc");
  BOOST_TEST(header_of(seen, "Content-Type") == "text/x");
  BOOST_TEST(header_of(seen, "User-Agent") == "trainyard");
  BOOST_TEST(header_of(seen, "Content-Length") == std::to_string(body.size()));
  BOOST_TEST(seen.ends_with("\r\n\r\n" + body));
  check_error(transport->send({.url = url_of(server, true, target)}, within(kSlack)), ErrorKind::Invalid,
              {"InvalidUrl"});
}

BOOST_AUTO_TEST_CASE(refused_before_anything_is_sent) {
  ScriptedServer server(playing({}));
  auto const transport = make_http_transport(trusting(), kClock);
  std::string const url = url_of(server, false, "/x");
  HttpRequest const refused[] = {
      {.url = url, .headers = {{"X", "a\r\nInjected: b"}}},
      {.url = url, .headers = {{"X", "a\nb"}}},
      {.url = url, .headers = {{"X\r\nY", "a"}}},
      {.url = url, .headers = {{"", "a"}}},
      {.url = url, .headers = {{"host", "elsewhere"}}},
      {.url = url, .headers = {{"Transfer-Encoding", "chunked"}}},
      {.method = "GET /other HTTP/1.1\r\nX:", .url = url},
      {.method = "", .url = url},
      {.url = url + "/with space"},
      {.url = url + "/\r\nInjected: b"},
      {.url = "http://[::1]:" + std::to_string(server.port()) + "/"},
      {.url = "ftp://localhost/"},
  };
  for (HttpRequest const& request : refused) {
    auto const result = transport->send(request, within(kSlack));
    BOOST_REQUIRE(!result);
    BOOST_TEST(to_string(result.error().kind) == "Invalid");
    BOOST_TEST(!result.error().maybe_applied);
    BOOST_TEST(result.error().message.find('\n') == std::string::npos);
  }
  BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(gzip_is_asked_for_and_unpacked) {
  std::string const text(200'000, 't');
  std::string const bomb = gzipped(std::string(std::size_t{50} << 20U, '\0'));
  std::string packed = gzipped(text);
  ScriptedServer server([&](Connection& c) {
    while (auto const request = c.read_request()) {
      bool const asked = header_of(*request, "Accept-Encoding") == "gzip";
      std::string body = packed;
      if (request->find("/bomb") != std::string::npos) body = bomb;
      if (request->find("/cut") != std::string::npos) body.resize(body.size() / 2);
      c.write(answer(asked ? body : "not asked", asked ? "Content-Encoding: gzip\r\n" : ""));
    }
  });
  auto const transport = make_http_transport(trusting(), kClock);
  auto const get = [&](std::string const& path, HttpHeaders const& headers = {}) {
    return transport->send({.url = url_of(server, false, path), .headers = headers, .max_response = 300'000},
                           within(kSlack));
  };
  auto const whole = get("/whole");
  BOOST_REQUIRE(whole);
  BOOST_TEST((whole->body == text));
  BOOST_TEST(!whole->header("content-encoding"));
  BOOST_TEST(get("/", {{"Range", "bytes=0-1"}}).value().body == "not asked");
  BOOST_TEST(get("/", {{"Accept-Encoding", "identity"}}).value().body == "not asked");
  check_error(get("/bomb"), ErrorKind::Invalid, {"ResponseTooLarge"});
  check_error(get("/cut"), ErrorKind::Transient, {"MalformedAnswer"});
  BOOST_TEST((get("/again").value().body == text));
}

BOOST_AUTO_TEST_CASE(a_stop_ends_a_call_at_once) {
  ScriptedServer server(
      [](Connection& c) {
        c.read_request();
        c.wait_for_end();
      },
      tls());
  auto const transport = make_http_transport(trusting(), kClock);
  std::stop_source stop;
  SteadyTime const start = kClock.steady();
  auto const call = std::async(std::launch::async, [&] {
    return transport->send({.method = "PUT", .url = url_of(server, true, "/x"), .body = "b"},
                           {.stop = stop.get_token(), .deadline = kClock.steady() + seconds(60)});
  });
  BOOST_TEST(server.wait_for_connections(1));
  while (server.requests().empty() && kClock.steady() < start + kSlack) std::this_thread::yield();
  stop.request_stop();
  auto const result = const_cast<std::future<Result<HttpResponse>>&>(call).get();
  check_error(result, ErrorKind::Canceled, {"Stopped"});
  BOOST_TEST(result.error().maybe_applied);
  BOOST_TEST((kClock.steady() - start < kSlack));
  BOOST_TEST(server.wait_for_idle());  // the connection is gone

  auto const again = transport->send({.url = url_of(server, true, "/x")}, {.stop = stop.get_token()});
  check_error(again, ErrorKind::Canceled, {"Stopped"});
  BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_write_ended_during_the_handshake_was_not_applied) {
  ScriptedServer server([](Connection& c) { c.wait_for_end(); });  // does not speak TLS at all
  auto const transport = make_http_transport(trusting(), kClock);
  HttpRequest const put{.method = "PUT", .url = url_of(server, true, "/x"), .body = "b"};
  auto const result = transport->send(put, within(milliseconds(200)));
  check_error(result, ErrorKind::Canceled, {"DeadlineExceeded"});
  BOOST_TEST(!result.error().maybe_applied);
  BOOST_TEST(server.wait_for_idle());
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_sends_nothing) {
  ScriptedServer server(playing({}));
  auto const transport = make_http_transport(trusting(), kClock);
  auto const result =
      transport->send({.method = "PUT", .url = url_of(server, false, "/x")}, within(Duration(0)));
  check_error(result, ErrorKind::Canceled, {"DeadlineExceeded"});
  BOOST_TEST(!result.error().maybe_applied);
  BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(nobody_listens) {
  int port = 0;
  {
    ScriptedServer gone(playing({}));
    port = gone.port();
  }
  auto const transport = make_http_transport(trusting(), kClock);
  auto const result = transport->send(
      {.method = "PUT", .url = "http://localhost:" + std::to_string(port) + "/"}, within(kSlack));
  check_error(result, ErrorKind::Transient, {"ConnectionFailed"});
  BOOST_TEST(!result.error().maybe_applied);
}

BOOST_AUTO_TEST_CASE(only_a_trusted_certificate_for_the_host_is_accepted) {
  azsim::Certificate const other = azsim::make_ca("another authority");
  azsim::Certificate const named = azsim::issue(authority().ca, {"elsewhere.test"}, {"127.0.0.2"});
  azsim::Certificate const old = azsim::issue(authority().ca, {"localhost"}, {}, std::chrono::hours(-1));
  ScriptedServer right(playing({}), tls());
  ScriptedServer expired(playing({}), ScriptedTls{old.certificate_pem, old.key_pem});
  ScriptedServer wrong_name(playing({}), ScriptedTls{named.certificate_pem, named.key_pem});
  struct {
    std::string name;
    ScriptedServer& server;
    std::string host, ca_pem;
    bool system_roots;
    std::string why;  // empty: accepted
  } const cases[] = {
      {"right", right, "localhost", authority().ca.certificate_pem, false, ""},
      {"right, by address", right, "127.0.0.1", authority().ca.certificate_pem, false, ""},
      {"right, beside the system's roots", right, "localhost", authority().ca.certificate_pem, true, ""},
      {"right, second in a bundle", right, "localhost",
       other.certificate_pem + authority().ca.certificate_pem, false, ""},
      {"wrong authority", right, "localhost", other.certificate_pem, false,
       "unable to get local issuer certificate"},
      {"system's roots only", right, "localhost", "", true, "unable to get local issuer certificate"},
      {"no roots", right, "localhost", "", false, "unable to get local issuer certificate"},
      {"expired", expired, "localhost", authority().ca.certificate_pem, false, "certificate has expired"},
      {"wrong name", wrong_name, "localhost", authority().ca.certificate_pem, false, "hostname mismatch"},
      {"wrong address", wrong_name, "127.0.0.1", authority().ca.certificate_pem, false,
       "IP address mismatch"},
  };
  for (auto const& c : cases) BOOST_TEST_CONTEXT(c.name) {
      HttpTransportOptions options;
      options.ca_pem = c.ca_pem;
      options.system_roots = c.system_roots;
      auto const transport = make_http_transport(options, kClock);
      HttpRequest const put{.method = "PUT",
                            .url = "https://" + c.host + ":" + std::to_string(c.server.port()) + "/x"};
      auto const result = transport->send(put, within(kSlack));
      if (c.why.empty()) {
        BOOST_TEST(bool(result));
        continue;
      }
      check_error(result, ErrorKind::Transient, {"CertificateNotTrusted"});
      BOOST_TEST(!result.error().maybe_applied);
      BOOST_TEST(result.error().message.find(c.why) != std::string::npos, result.error().message);
    }
  BOOST_TEST(wrong_name.requests().empty());
  BOOST_TEST(expired.requests().empty());
}

BOOST_AUTO_TEST_CASE(a_ca_that_is_none_is_told) {
  HttpTransportOptions options;
  options.ca_pem = "not PEM";
  auto const transport = make_http_transport(options, kClock);
  check_error(transport->send({.url = "https://localhost:1/"}, within(kSlack)), ErrorKind::Invalid,
              {"InvalidCa"});
}

BOOST_AUTO_TEST_CASE(tls_below_1_2_is_refused) {
  constexpr int kTls11 = 0x0302, kTls12 = 0x0303;
  auto const transport = make_http_transport(trusting(), kClock);
  ScriptedServer old(playing({}), tls(kTls11));
  auto const refused = transport->send({.method = "PUT", .url = url_of(old, true, "/x")}, within(kSlack));
  check_error(refused, ErrorKind::Transient, {"TlsHandshakeFailed"});
  BOOST_TEST(!refused.error().maybe_applied);
  ScriptedServer current(playing({}), tls(kTls12));
  BOOST_TEST(bool(transport->send({.url = url_of(current, true, "/x")}, within(kSlack))));
}

BOOST_AUTO_TEST_CASE(https_goes_through_a_tunnel) {
  ScriptedServer server(playing({}), tls());
  ScriptedServer proxy([&](Connection& c) {
    if (!c.read_request()) return;
    c.write("HTTP/1.1 200 Connection established\r\n\r\n");
    c.splice_to(server.port());
  });
  HttpTransportOptions options = trusting();
  options.https_proxy = "http://me:s%40cret@127.0.0.1:" + std::to_string(proxy.port());
  auto const transport = make_http_transport(options, kClock);
  for (std::string const method : {"GET", "GET", "PUT"}) {
    auto const result = transport->send({.method = method, .url = "https://example.test/x"}, within(kSlack));
    BOOST_REQUIRE_MESSAGE(result, why(result));
    BOOST_TEST(result->body == "/x");
  }
  BOOST_TEST(proxy.connections() == 2);  // the reads share a tunnel
  std::string const seen = proxy.requests().at(0);
  BOOST_TEST(seen.starts_with("CONNECT example.test:443 HTTP/1.1\r\n"), seen);
  BOOST_TEST(header_of(seen, "Proxy-Authorization") == "Basic bWU6c0BjcmV0");
  BOOST_TEST(server.requests_with("Proxy-Authorization") == 0);

  BOOST_TEST(bool(transport->send({.url = url_of(server, true, "/x")}, within(kSlack))));
  BOOST_TEST(proxy.connections() == 2);  // localhost never takes it
}

BOOST_AUTO_TEST_CASE(http_goes_to_the_proxy_unless_excluded) {
  ScriptedServer server(playing({}));
  ScriptedServer proxy([](Connection& c) {
    while (c.read_request()) c.write(answer("from the proxy"));
  });
  std::string const url =
      "http://0.0.0.0:" + std::to_string(server.port()) + "/x";  // reaches us, but is no loopback name
  HttpTransportOptions options = trusting();
  options.http_proxy = "127.0.0.1:" + std::to_string(proxy.port());
  BOOST_TEST(make_http_transport(options, kClock)->send({.url = url}, within(kSlack)).value().body ==
             "from the proxy");
  BOOST_TEST(proxy.requests().at(0).starts_with("GET " + url + " HTTP/1.1\r\n"));
  options.no_proxy = "example.org,0.0.0.0";
  BOOST_TEST(make_http_transport(options, kClock)->send({.url = url}, within(kSlack)).value().body == "/x");
  BOOST_TEST(proxy.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_refuses_or_hangs) {
  ScriptedServer proxy([](Connection& c) {
    auto const request = c.read_request();
    if (request && request->find("refused.test") != std::string::npos)
      c.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    else
      c.wait_for_end();
  });
  HttpTransportOptions options = trusting();
  options.https_proxy = "127.0.0.1:" + std::to_string(proxy.port());
  options.quiet_time = seconds(2);
  auto const transport = make_http_transport(options, kClock);
  auto const refused = transport->send({.method = "PUT", .url = "https://refused.test/"}, within(kSlack));
  check_error(refused, ErrorKind::Transient, {"ProxyFailed"});
  BOOST_TEST(!refused.error().maybe_applied);

  SteadyTime const start = kClock.steady();
  auto const hung =
      transport->send({.method = "PUT", .url = "https://hung.test/"}, within(milliseconds(100)));
  check_error(hung, ErrorKind::Canceled, {"DeadlineExceeded"});
  BOOST_TEST(!hung.error().maybe_applied);
  BOOST_TEST((kClock.steady() - start < milliseconds(1800)));  // although cpprestsdk cannot cancel a CONNECT
}

BOOST_AUTO_TEST_CASE(many_threads_with_deadlines_of_all_lengths) {
  ScriptedServer server(
      playing([](Connection& c) { return c.pause(milliseconds(3)) && c.write(answer("/case")); }), tls());
  auto const transport = make_http_transport(trusting(), kClock);
  std::atomic<int> good = 0, late = 0, wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      SeededRandom random(i);
      for (int n = 0; n < 40; ++n) {
        std::string const path = n % 3 == 0 ? "/case" : "/" + std::to_string(i) + "/" + std::to_string(n);
        std::string const method = n % 4 == 0 ? "POST" : "GET";
        Duration const time = n % 2 == 0 ? Duration(random.next() % 25) : Duration(seconds(20));
        auto const result =
            transport->send({.method = method, .url = url_of(server, true, path)}, within(time));
        if (result)
          (result->body == path ? good : wrong)++;
        else
          (result.error().reason == "DeadlineExceeded" && time < seconds(1) ? late : wrong)++;
      }
    });
  threads.clear();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(good >= 160);
  BOOST_TEST(good + late == 320);
}

// A process that ends while a handshake is under way: OpenSSL's clean-up must not meet a running I/O thread.
BOOST_AUTO_TEST_CASE(exit_child, *boost::unit_test::disabled()) {
  char const* const port = std::getenv("TRAINYARD_TEST_PORT");
  BOOST_REQUIRE(port != nullptr);
  auto const transport = make_http_transport({}, kClock);
  std::stop_source stop;
  std::jthread const call([&] {
    auto const result =
        transport->send({.url = std::string("https://localhost:") + port + "/"}, {.stop = stop.get_token()});
    BOOST_TEST(!result);
  });
  BOOST_TEST(
      !transport->send({.url = std::string("https://localhost:") + port + "/"}, within(milliseconds(20))));
  stop.request_stop();
}

BOOST_AUTO_TEST_CASE(exit_during_a_handshake) {
  ScriptedServer server([](Connection& c) {
    if (c.number() % 2 == 0) c.pause(milliseconds(19));
    if (c.number() % 4 == 0)
      c.write(std::string("\x16\x03\x03\x00\x7a\x02\x00\x00\x76", 9));  // begins a ServerHello
    c.wait_for_end();
  });
  std::string const port = "TRAINYARD_TEST_PORT=" + std::to_string(server.port());
  std::vector<char*> environment{const_cast<char*>(port.c_str())};
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  char program[] = "/proc/self/exe";
  char only[] = "--run_test=http_transport/exit_child";
  char quiet[] = "--log_level=error";
  char silent[] = "--report_level=no";
  char* arguments[] = {program, only, quiet, silent, nullptr};
  for (int i = 0; i < 30; ++i) {
    pid_t child = 0;
    BOOST_REQUIRE(posix_spawn(&child, program, nullptr, nullptr, arguments, environment.data()) == 0);
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0, "child " << i << " ended with " << status);
  }
}

BOOST_AUTO_TEST_SUITE_END()
