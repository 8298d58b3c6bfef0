#include "controller/base/http_server.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller/base/http_transport.hpp"
#include "tests/azsim/certificate.hpp"
#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using trainyard::test::why;

namespace {

constexpr std::chrono::milliseconds kPatience = seconds(20);
SystemClock const kClock;

/// A client that says exactly what it is told.
class Peer {
 public:
  explicit Peer(HttpServer const& server) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // No assertion of Boost.Test: peers are made on many threads, which its assertions are not for.
    check(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "no connection");
    timeval const patience{kPatience.count() / 1000, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Peer() { close(descriptor_); }
  Peer(Peer const&) = delete;
  Peer& operator=(Peer const&) = delete;

  /// False once the server has closed the connection.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t const sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// The next whole answer, head and body; what came if the connection ended before.
  std::string answer() {
    std::size_t whole = std::string::npos;
    for (;;) {
      auto const head_end = unread_.find("\r\n\r\n");
      if (head_end != std::string::npos) whole = head_end + 4 + length_in(unread_.substr(0, head_end));
      if (unread_.size() >= whole || !read_more()) break;
    }
    std::string const told = unread_.substr(0, whole);
    unread_.erase(0, told.size());
    return told;
  }
  std::string ask(std::string_view bytes) {
    say(bytes);
    return answer();
  }
  /// All that still comes until the server closes; fails the test if it does not.
  std::string rest() {
    while (read_more()) {
    }
    BOOST_TEST(ended_, "the server did not close the connection");
    return std::move(unread_);
  }

 private:
  static std::size_t length_in(std::string const& head) {
    auto const at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }
  bool read_more() {
    char bytes[16384];
    ssize_t const got = recv(descriptor_, bytes, sizeof bytes, 0);
    ended_ = got == 0 || (got < 0 && errno == ECONNRESET);
    if (got > 0) unread_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }

  int descriptor_;
  std::string unread_;
  bool ended_ = false;
};

std::unique_ptr<HttpServer> serve(HttpHandler handler, HttpServerOptions options = {}) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  BOOST_REQUIRE_MESSAGE(server, why(server));
  return std::move(*server);
}

/// Answers with method, URL and body of the request.
ServerReply echo(HttpRequest const& request) {
  return {.response = {.status = 200, .body = request.method + " " + request.url + " " + request.body}};
}

ServerReply saying(std::string const& body) { return {.response = {.status = 200, .body = body}}; }

std::string body_of(std::string const& answer) {
  auto const at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

std::string get(std::string const& path, std::string const& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: h:1\r\n" + more + "\r\n";
}

bool starts(std::string const& answer, int status) {
  return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

struct Refusal {
  std::string name, bytes;
  int status;
};
std::ostream& operator<<(std::ostream& out, Refusal const& c) { return out << c.name; }

std::string post(std::string const& headers, std::string const& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}

Refusal const kRefusals[] = {
    {"no HTTP", "hello there\r\n\r\n", 400},
    {"another version", "GET / HTTP/9.9\r\n\r\n", 400},
    {"a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400},
    {"negative length", post("Content-Length: -1\r\n", ""), 400},
    {"length that is no number", post("Content-Length: x\r\n", ""), 400},
    {"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
    {"length and chunks", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"negative chunk", post("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n"), 400},
    {"chunk that is no number", post("Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"), 400},
    {"large head", get("/", "X: " + std::string(40'000, 'x') + "\r\n"), 431},
    {"many headers",
     get("/",
         [] {
           std::string lines;
           for (int i = 0; i < 5000; ++i) lines += "X" + std::to_string(i) + ": y\r\n";
           return lines;
         }()),
     431},
    {"long target", get("/" + std::string(40'000, 'x')), 431},
    {"large body, told by its length", post("Content-Length: 1001\r\n", ""), 413},
    {"large body in chunks", post("Transfer-Encoding: chunked\r\n", "3e9\r\n" + std::string(1001, 'x')), 413},
    {"an immense length", post("Content-Length: 18446744073709551615\r\n", ""), 413},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(the_request_as_a_value) {
  std::vector<HttpRequest> seen;
  std::mutex mutex;
  auto const server = serve([&](HttpRequest const& request) {
    std::lock_guard const lock(mutex);
    seen.push_back(request);
    return echo(request);
  });
  Peer peer(*server);
  BOOST_TEST(body_of(peer.ask(get("/a%20b?c=d", "X-Y: z\r\n"))) == "GET http://h:1/a%20b?c=d ");
  BOOST_TEST(find_header(seen.at(0).headers, "x-y").value() == "z");
  BOOST_TEST(body_of(peer.ask("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")) ==
             "PUT http://h/x body");
  BOOST_TEST(body_of(peer.ask("PATCH /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "2;e=f\r\nbo\r\n2\r\ndy\r\n0\r\nT: u\r\n\r\n")) == "PATCH http://h/x body");
  BOOST_TEST(body_of(peer.ask("GET http://other:2/x HTTP/1.1\r\nHost: h\r\n\r\n")) ==
             "GET http://other:2/x ");
  BOOST_TEST(body_of(peer.ask("GET /x HTTP/1.1\r\n\r\n")) ==
             "GET http://127.0.0.1:" + std::to_string(server->port()) + "/x ");
}

BOOST_AUTO_TEST_CASE(connections_are_kept_and_closed_as_asked) {
  auto const server = serve(&echo);
  {
    Peer peer(*server);
    for (int i = 0; i < 3; ++i) BOOST_TEST(starts(peer.ask(get("/")), 200));
    std::string const last = peer.ask(get("/", "Connection: close\r\n"));
    BOOST_TEST(last.find("Connection: close\r\n") != std::string::npos);
    BOOST_TEST(peer.rest().empty());
  }
  Peer old(*server);
  BOOST_TEST(starts(old.ask("GET / HTTP/1.0\r\n\r\n"), 200));
  BOOST_TEST(old.rest().empty());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  auto const server = serve(&echo);
  Peer peer(*server);
  peer.say(get("/1") + "PUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab" + get("/3"));
  BOOST_TEST(body_of(peer.answer()) == "GET http://h:1/1 ");
  BOOST_TEST(body_of(peer.answer()) == "PUT http://h/2 ab");
  BOOST_TEST(body_of(peer.answer()) == "GET http://h:1/3 ");
}

BOOST_AUTO_TEST_CASE(a_body_is_asked_for_when_that_is_expected) {
  auto const server = serve(&echo);
  Peer peer(*server);
  BOOST_TEST(peer.ask("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") ==
             "HTTP/1.1 100 Continue\r\n\r\n");
  BOOST_TEST(body_of(peer.ask("ab")) == "PUT http://h/ ab");
}

BOOST_DATA_TEST_CASE(refused, data::make(kRefusals), c) {
  int handled = 0;
  auto const server = serve(
      [&](HttpRequest const&) {
        ++handled;
        return saying("");
      },
      {.max_body = 1000});
  Peer peer(*server);
  peer.say(c.bytes);
  std::string const told = peer.rest();
  BOOST_TEST(starts(told, c.status), told);
  BOOST_TEST(told.find("Connection: close\r\n") != std::string::npos, told);
  BOOST_TEST(handled == 0);
}

BOOST_AUTO_TEST_CASE(a_body_at_the_limit) {
  auto const server = serve(&echo, {.max_body = 1000});
  Peer peer(*server);
  BOOST_TEST(starts(peer.ask(post("Content-Length: 1000\r\n", std::string(1000, 'x'))), 200));
}

BOOST_AUTO_TEST_CASE(a_head_without_end_ends_the_connection) {
  auto const server = serve(&echo);
  Peer peer(*server);
  std::string const piece(std::size_t{1} << 20U, 'x');
  bool open = peer.say("GET / HTTP/1.1\r\nX: ");
  for (SteadyTime const end = kClock.steady() + kPatience; open && kClock.steady() < end;)
    open = peer.say(piece);
  BOOST_TEST(!open);
  Peer other(*server);
  BOOST_TEST(starts(other.ask(get("/")), 200));
}

BOOST_AUTO_TEST_CASE(the_silent_are_dropped) {
  azsim::Certificate const ca = azsim::make_ca("test");
  azsim::Certificate const own = azsim::issue(ca, {"localhost"}, {});
  auto const plain = serve(&echo, {.idle_timeout = milliseconds(200)});
  auto const tls = serve(
      &echo,
      {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem, .idle_timeout = milliseconds(200)});
  Peer quiet(*plain), half_head(*plain), half_body(*plain), between(*plain), handshake(*tls);
  half_head.say("GET / HTTP/1.1\r\nHo");
  half_body.say(post("Content-Length: 10\r\n", "half"));
  BOOST_TEST(starts(between.ask(get("/")), 200));
  handshake.say("\x16\x03\x01");
  for (Peer* const peer : {&quiet, &half_head, &half_body, &between, &handshake})
    BOOST_TEST(peer->rest().empty());
}

BOOST_AUTO_TEST_CASE(many_idle_connections_are_all_dropped) {
  auto const server = serve(&echo, {.idle_timeout = milliseconds(300)});
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 200; ++i) peers.push_back(std::make_unique<Peer>(*server));
  for (auto const& peer : peers) BOOST_TEST(peer->rest().empty());
  Peer other(*server);
  BOOST_TEST(starts(other.ask(get("/")), 200));
}

BOOST_AUTO_TEST_CASE(faults) {
  std::atomic<ReplyFault> fault = ReplyFault::Send;  // the server's threads read it
  auto const server = serve([&](HttpRequest const&) {
    return ServerReply{.response = {.status = 200, .body = "0123456789"}, .fault = fault};
  });
  auto const told_with = [&](ReplyFault next) {
    fault = next;
    Peer peer(*server);
    peer.say(get("/"));
    return peer.rest();
  };
  BOOST_TEST(told_with(ReplyFault::CloseBeforeHead).empty());
  std::string const head = told_with(ReplyFault::CutHead);
  BOOST_TEST(head.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(head.find("\r\n\r\n") == std::string::npos);
  std::string const body = told_with(ReplyFault::CutBody);
  BOOST_TEST(body.find("Content-Length: 10\r\n") != std::string::npos);
  BOOST_TEST(body_of(body) == "01234");
}

BOOST_AUTO_TEST_CASE(a_delay_holds_no_thread_and_ends_with_the_server) {
  auto server = serve(
      [](HttpRequest const& request) {
        ServerReply reply = echo(request);
        if (request.url.ends_with("/later")) reply.delay = milliseconds(50);
        if (request.url.ends_with("/never")) reply.delay = hours(1);
        return reply;
      },
      {.idle_timeout = milliseconds(20), .threads = 1});
  Peer never(*server), later(*server), now(*server);
  never.say(get("/never"));
  SteadyTime const start = kClock.steady();
  later.say(get("/later"));
  BOOST_TEST(starts(now.ask(get("/now")), 200));
  BOOST_TEST(starts(later.answer(), 200));
  BOOST_TEST((kClock.steady() - start >= milliseconds(50)));
  server.reset();
  BOOST_TEST(never.rest().empty());
}

BOOST_AUTO_TEST_CASE(the_end_waits_for_a_request_in_flight_and_closes_all) {
  std::mutex mutex;
  std::condition_variable changed;
  bool entered = false, released = false, left = false;
  auto server = serve([&](HttpRequest const& request) {
    std::unique_lock lock(mutex);
    entered = true;
    changed.notify_all();
    changed.wait(lock, [&] { return released; });
    left = true;
    return echo(request);
  });
  Peer idle(*server), busy(*server);
  busy.say(get("/"));
  {
    std::unique_lock lock(mutex);
    BOOST_REQUIRE(changed.wait_for(lock, kPatience, [&] { return entered; }));
  }
  std::jthread const end([&] { server.reset(); });
  BOOST_TEST(idle.rest().empty());  // closed although another request is still being handled
  {
    std::lock_guard const lock(mutex);
    BOOST_TEST(!left);
    released = true;
    changed.notify_all();
  }
  busy.rest();  // with its answer, or without
  std::lock_guard const lock(mutex);
  BOOST_TEST(left);
}

BOOST_AUTO_TEST_CASE(answers_without_a_body) {
  auto const server = serve([](HttpRequest const& request) {
    if (request.url.ends_with("/204")) return ServerReply{.response = {.status = 204, .body = "ignored"}};
    if (request.url.ends_with("/304")) return ServerReply{.response = {.status = 304}};
    if (request.url.ends_with("/size"))
      return ServerReply{.response = {.status = 200, .headers = {{"Content-Length", "12345"}}}};
    return saying("content");
  });
  Peer peer(*server);
  for (std::string const status : {"204", "304"}) {
    std::string const told = peer.ask(get("/" + status));
    BOOST_TEST(starts(told, std::stoi(status)));
    BOOST_TEST(told.find("Content-Length") == std::string::npos);
  }
  peer.say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /size HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string const told = peer.rest();
  BOOST_TEST(told.find("Content-Length: 7\r\n") != std::string::npos);
  BOOST_TEST(told.find("Content-Length: 12345\r\n") != std::string::npos);
  BOOST_TEST(told.find("content") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_handler_cannot_break_the_wire) {
  auto const server = serve([](HttpRequest const& request) -> ServerReply {
    if (request.url.ends_with("/throws")) throw std::runtime_error("hushhush");
    if (request.url.ends_with("/status")) return {.response = {.status = 42}};
    if (request.url.ends_with("/split"))
      return {.response = {.status = 200, .headers = {{"X", "a\r\nInjected: b"}}}};
    return {.response = {.status = 299,
                         .headers = {{"Content-Length", "7"}, {"Transfer-Encoding", "chunked"}, {"X-Y", "z"}},
                         .body = "ok"}};
  });
  Peer peer(*server);
  for (std::string const path : {"/throws", "/status", "/split"}) {
    std::string const told = peer.ask(get(path));
    BOOST_TEST(starts(told, 500), told);
    BOOST_TEST(told.find("hushhush") == std::string::npos);
    BOOST_TEST(told.find("Injected") == std::string::npos);
  }
  std::string const told = peer.ask(get("/"));
  BOOST_TEST(starts(told, 299));
  BOOST_TEST(told.find("X-Y: z\r\n") != std::string::npos);
  BOOST_TEST(told.find("Content-Length: 2\r\n") != std::string::npos);
  BOOST_TEST(told.find("chunked") == std::string::npos);
  BOOST_TEST(body_of(told) == "ok");
}

BOOST_AUTO_TEST_CASE(tls) {
  azsim::Certificate const ca = azsim::make_ca("test");
  azsim::Certificate const own = azsim::issue(ca, {"localhost"}, {"127.0.0.1"});
  auto const server = serve(&echo, {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem});
  HttpTransportOptions options;
  options.ca_pem = ca.certificate_pem;
  options.system_roots = false;
  auto const transport = make_http_transport(options, kClock);
  std::string const url = "https://localhost:" + std::to_string(server->port()) + "/x";
  std::string const large(200'000, 'x');  // beyond a TLS record, and beyond what the stream puts together
  for (std::string const& body : {std::string(), std::string("body"), large, std::string()}) {
    std::string const method = body.empty() ? "GET" : "PUT";
    auto const told = transport->send({.method = method, .url = url, .body = body},
                                      {.stop = {}, .deadline = kClock.steady() + kPatience});
    BOOST_REQUIRE_MESSAGE(told, why(told));
    BOOST_CHECK(told->body == method + " " + url + " " + body);
  }
  Peer plain(*server);
  plain.say(get("/"));
  BOOST_TEST(!starts(plain.rest(), 200));
}

BOOST_AUTO_TEST_CASE(many_clients_at_once) {
  auto const server = serve(&echo);
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      Peer peer(*server);
      for (int n = 0; n < 100; ++n) {
        std::string const path = "/" + std::to_string(i) + "/" + std::to_string(n);
        good += body_of(peer.ask(get(path))) == "GET http://h:1" + path + " ";
      }
    });
  threads.clear();
  BOOST_TEST(good == 800);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_served_is_told) {
  azsim::Certificate const ca = azsim::make_ca("test");
  azsim::Certificate const one = azsim::issue(ca, {"localhost"}, {});
  azsim::Certificate const two = azsim::issue(ca, {"localhost"}, {});
  auto const first = serve(&echo);
  struct {
    HttpServerOptions options;
    std::string reason, words;
  } const cases[] = {
      {{.port = first->port()}, "CannotListen", "in use"},
      {{.address = "localhost"}, "CannotListen", "no IP address"},
      {{.port = 65536}, "CannotListen", "0 to 65535"},
      {{.port = -1}, "CannotListen", "0 to 65535"},
      {{.address = "192.0.2.1"}, "CannotListen", "192.0.2.1:0"},
      {{.certificate_pem = "no PEM", .key_pem = one.key_pem}, "BadCertificate", "certificate_pem"},
      {{.certificate_pem = one.certificate_pem, .key_pem = "no PEM"}, "BadCertificate", "key_pem"},
      {{.certificate_pem = one.certificate_pem, .key_pem = two.key_pem}, "BadCertificate", "key_pem"},
      {{.certificate_pem = one.certificate_pem}, "BadCertificate", "key_pem"},
  };
  for (auto const& c : cases) {
    auto const server = HttpServer::start(c.options, &echo);
    BOOST_REQUIRE(!server);
    BOOST_TEST(to_string(server.error().kind) == "Invalid");
    BOOST_TEST(server.error().reason == c.reason);
    BOOST_TEST(server.error().message.find(c.words) != std::string::npos, server.error().message);
    BOOST_TEST(server.error().message.find("PRIVATE KEY") == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
