// Whom the transport shows itself as, and whom it takes a server for.
#include <boost/test/unit_test.hpp>

#include "tests/base/http_conformance.hpp"
#include "tests/base/transport_fixture.hpp"
#include "tests/base/why.hpp"

using namespace trainyard;
using namespace trainyard::test;

namespace {

Result<HttpResponse> get(ScriptedServer const& server, HttpTransportOptions const& options,
                         std::string const& path = "/x") {
  return make_http_transport(options, kClock)->send({.url = url_of(server, true, path)}, within(kSlack));
}

/// Answers with what the handshake brought.
ScriptedServer::Script telling() {
  return [](Connection& c) {
    while (auto const request = c.read_request()) {
      std::string all = c.asked_name();
      for (std::string const& certificate : c.client_certificates()) all += "\n" + certificate;
      if (!c.write(answer(all))) return;
    }
  };
}

std::string const kKeyWithPassword =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhWs9deeFne8gICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDRrbSl7ecwW/ZTIUgD0x3cEgZCQ\n"
    "RH824EoQ1TMDSBp3ZvBftZzXrP/mzyUDoMUm97t4FkM1L2vNzmg8cS6EcMHVVfdH\n"
    "qAfCwspHDilO0ATLqxdoyPPDjXW4h9OaHWn7muUURUCBjBJ2sIWZlDlidFWUVhhj\n"
    "wFVKt2ZD7CuR/UhnMeLsCBOXeKmlpVrZwXVaAxR2JBHsc4ZAn22hdDqfjZzAQc8=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_tls)

BOOST_AUTO_TEST_CASE(a_client_certificate_and_its_chain_are_shown) {
  azsim::Certificate const users = azsim::make_ca("users");
  azsim::Certificate const user = azsim::issue(users, {"user"}, {});
  ScriptedTls asking = tls();
  asking.client_ca_pem = users.certificate_pem;
  ScriptedServer server(telling(), asking);
  HttpTransportOptions options = trusting();
  options.client_certificate_pem = user.certificate_pem + users.certificate_pem;
  options.client_key_pem = user.key_pem;
  auto const shown = get(server, options);
  BOOST_REQUIRE_MESSAGE(shown, why(shown));
  BOOST_TEST(shown->body == "localhost\n" + user.certificate_pem + "\n" + users.certificate_pem);

  auto const nobody = get(server, trusting());
  BOOST_TEST(!nobody);
  azsim::Certificate const stranger = azsim::issue(azsim::make_ca("strangers"), {"user"}, {});
  options.client_certificate_pem = stranger.certificate_pem;
  options.client_key_pem = stranger.key_pem;
  BOOST_TEST(!get(server, options));
  BOOST_TEST(server.requests().size() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_or_no_key_is_told) {
  azsim::Certificate const user = azsim::issue(authority().ca, {"user"}, {});
  azsim::Certificate const other = azsim::issue(authority().ca, {"other"}, {});
  struct {
    std::string certificate_pem, key_pem, reason;
  } const cases[] = {
      {"none", user.key_pem, "InvalidClientCertificate"},
      {"", user.key_pem, "InvalidClientCertificate"},
      {user.certificate_pem, "none", "InvalidClientKey"},
      {user.certificate_pem, "", "InvalidClientKey"},
      {user.certificate_pem, user.certificate_pem, "InvalidClientKey"},
      {user.certificate_pem, other.key_pem, "InvalidClientKey"},
      {user.certificate_pem, kKeyWithPassword, "InvalidClientKey"},
  };
  ScriptedServer server(telling(), tls());
  for (auto const& c : cases) {
    HttpTransportOptions options = trusting();
    options.client_certificate_pem = c.certificate_pem;
    options.client_key_pem = c.key_pem;
    auto const result = get(server, options);
    check_error(result, ErrorKind::Invalid, {c.reason});
    std::string const named = c.reason == "InvalidClientKey" ? "the client key" : "the client certificate";
    BOOST_TEST(result.error().message.find(named) != std::string::npos, result.error().message);
    BOOST_TEST((c.key_pem.empty() || result.error().message.find(c.key_pem) == std::string::npos));
  }
  BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(another_name_is_asked_for_and_verified) {
  azsim::Certificate const named = azsim::issue(authority().ca, {"api.test"}, {});
  ScriptedServer server(telling(), ScriptedTls{named.certificate_pem, named.key_pem});
  HttpTransportOptions options = trusting();
  check_error(get(server, options), ErrorKind::Transient, {"CertificateNotTrusted"});
  options.server_name = "api.test";
  auto const transport = make_http_transport(options, kClock);
  for (int i = 0; i < 2; ++i) {
    auto const result = transport->send({.url = url_of(server, true, "/x")}, within(kSlack));
    BOOST_REQUIRE_MESSAGE(result, why(result));
    BOOST_TEST(result->body == "api.test");
  }
  BOOST_TEST(server.connections() == 2);  // the refused one, and one that both share

  ScriptedServer own_name(telling(), tls());  // the URL's host, which is not what was asked for
  check_error(get(own_name, options), ErrorKind::Transient, {"CertificateNotTrusted"});
  BOOST_TEST(own_name.requests().empty());
}

BOOST_AUTO_TEST_CASE(another_name_is_verified_through_a_proxy_too) {
  azsim::Certificate const named = azsim::issue(authority().ca, {"api.test"}, {});
  ScriptedServer server(telling(), ScriptedTls{named.certificate_pem, named.key_pem});
  ScriptedServer proxy([&](Connection& c) {
    if (!c.read_request()) return;
    c.write("HTTP/1.1 200 Connection established\r\n\r\n");
    c.splice_to(server.port());
  });
  HttpTransportOptions options = trusting();
  options.https_proxy = "127.0.0.1:" + std::to_string(proxy.port());
  options.server_name = "api.test";
  HttpRequest const request{.url = "https://elsewhere.test/x"};
  auto const result = make_http_transport(options, kClock)->send(request, within(kSlack));
  BOOST_REQUIRE_MESSAGE(result, why(result));
  options.server_name = "other.test";
  check_error(make_http_transport(options, kClock)->send(request, within(kSlack)), ErrorKind::Transient,
              {"CertificateNotTrusted"});
}

BOOST_AUTO_TEST_CASE(without_verification_any_certificate_will_do) {
  azsim::Certificate const stranger =
      azsim::issue(azsim::make_ca("strangers"), {"elsewhere.test"}, {}, std::chrono::hours(-1));
  ScriptedServer server(telling(), ScriptedTls{stranger.certificate_pem, stranger.key_pem});
  HttpTransportOptions options = trusting();
  check_error(get(server, options), ErrorKind::Transient, {"CertificateNotTrusted"});
  options.verify = false;
  auto const result = get(server, options);
  BOOST_TEST(bool(result), why(result));
}

BOOST_AUTO_TEST_SUITE_END()
