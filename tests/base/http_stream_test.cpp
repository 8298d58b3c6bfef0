#include <atomic>
#include <future>
#include <stdexcept>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/line_splitter.hpp"
#include "controller/base/random.hpp"
#include "tests/base/http_conformance.hpp"
#include "tests/base/http_stream_conformance.hpp"
#include "tests/base/transport_fixture.hpp"
#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using namespace trainyard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kLong = seconds(20);

void nothing(std::string const&) {}

/// Answers /lines with two lines, in chunks, and everything else as playing() does.
ScriptedServer::Script streaming(std::function<bool(Connection&)> play) {
  return [play = std::move(play)](Connection& c) {
    while (auto const request = c.read_request()) {
      std::string const path = path_of(*request);
      bool const goes_on = path == "/case"    ? play(c)
                           : path == "/lines" ? c.write(chunked(chunk("one\nt") + chunk("wo\n") + kLastChunk))
                                              : c.write(answer(path));
      if (!goes_on) return;
    }
  };
}

using Lines = std::vector<std::string>;

struct Streamed {
  Result<HttpResponse> result;
  Lines lines;
};

Streamed read_stream(StreamingTransport& transport, HttpRequest const& request, Duration quiet,
                     Context const& context) {
  Lines lines;
  Result<HttpResponse> result = transport.stream_lines(
      request, [&](std::string line) { lines.push_back(std::move(line)); }, quiet, context);
  return {std::move(result), std::move(lines)};
}

void run_case(Implementation const& implementation, StreamCase const& c, bool https) {
  ScriptedServer server(streaming(c.play), https ? std::optional(tls()) : std::nullopt);
  HttpTransportOptions options = trusting();
  options.quiet_time = c.quiet_time;
  auto const transport = implementation.make(options, kClock);
  SteadyTime const start = kClock.steady();
  HttpRequest const request{.url = url_of(server, https, "/case"), .max_response = c.max_response};
  Streamed const streamed = read_stream(*transport, request, c.quiet, within(c.deadline));
  BOOST_TEST((kClock.steady() - start <= c.deadline + kSlack));
  BOOST_TEST((streamed.lines == c.lines), streamed.lines.size() << " lines came");
  if (c.status == 0) {
    check_error(streamed.result, c.kind, {c.reason});
    BOOST_TEST(!streamed.result.error().maybe_applied);
  } else {
    BOOST_REQUIRE_MESSAGE(streamed.result, why(streamed.result));
    BOOST_TEST(streamed.result->status == c.status);
    BOOST_TEST(streamed.result->body == c.body);
  }
  BOOST_TEST(server.requests_with("GET /case ") == 1);
  for (std::string const path : {"/next/1", "/next/2"}) {
    Result<HttpResponse> const next = transport->send({.url = url_of(server, https, path)}, within(kLong));
    BOOST_REQUIRE_MESSAGE(next, why(next));
    BOOST_TEST(next->body == path);
    Streamed const lines =
        read_stream(*transport, {.url = url_of(server, https, "/lines")}, kLong, within(kLong));
    BOOST_REQUIRE_MESSAGE(lines.result, why(lines.result));
    BOOST_TEST((lines.lines == Lines{"one", "two"}));
  }
  BOOST_TEST(server.requests_with("/next/redirected") == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_stream)

BOOST_DATA_TEST_CASE(conformance, data::make(stream_cases()), c) {
  for (Implementation const& implementation : implementations())
    for (bool const https : {false, true})
      if (https || !c.only_tls) {
        BOOST_TEST_CONTEXT(implementation.name << (https ? " over TLS" : " in plain")) {
          run_case(implementation, c, https);
        }
      }
}

// Would hang, if the line were only told at the end, or on another's leave.
BOOST_AUTO_TEST_CASE(a_line_is_told_before_the_next_is_said) {
  std::promise<void> told;
  ScriptedServer server(
      [&](Connection& c) {
        c.read_request();
        c.write(chunked(chunk("a\n")));
        told.get_future().wait();
        c.write(chunk("b\n") + kLastChunk);
      },
      tls());
  auto const transport = make_http_transport(trusting(), kClock);
  Lines lines;
  std::thread::id const caller = std::this_thread::get_id();
  auto const result = transport->stream_lines(
      {.url = url_of(server, true, "/x")},
      [&](std::string line) {
        BOOST_TEST((std::this_thread::get_id() == caller));
        lines.push_back(std::move(line));
        if (lines.size() == 1) told.set_value();
      },
      kLong, within(kLong));
  BOOST_TEST(bool(result), why(result));
  BOOST_TEST((lines == Lines{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(no_gzip_is_asked_for) {
  ScriptedServer server(streaming({}));
  auto const transport = make_http_transport(trusting(), kClock);
  read_stream(*transport, {.url = url_of(server, false, "/lines")}, kLong, within(kLong));
  BOOST_TEST(header_of(server.requests().at(0), "Accept-Encoding") == "identity");
}

BOOST_AUTO_TEST_CASE(more_than_fits_into_memory_may_pass) {
  constexpr int kChunks = 3000;
  std::string const piece = chunk(std::string(65'535, 'x') + "\n");
  ScriptedServer server(
      [&](Connection& c) {
        c.read_request();
        bool good = c.write(chunked(""));
        for (int i = 0; good && i < kChunks; ++i) good = c.write(piece);
        c.write(kLastChunk);
      },
      tls());
  auto const transport = make_http_transport(trusting(), kClock);
  forget_peak_memory();
  long const memory_before = peak_memory_kib();
  int lines = 0;
  auto const result = transport->stream_lines(
      {.url = url_of(server, true, "/x")},
      [&](std::string const& line) { lines += line.size() == 65'535 ? 1 : 0; }, kLong, within(seconds(60)));
  BOOST_TEST(bool(result), why(result));
  BOOST_TEST(lines == kChunks);
  BOOST_TEST(peak_memory_kib() - memory_before < kMostKib);
}

BOOST_AUTO_TEST_CASE(a_caller_who_falls_too_far_behind_loses_the_stream) {
  std::promise<void> gone;
  ScriptedServer server([&](Connection& c) {
    c.read_request();
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "a line\n";
    bool good = c.write(chunked(""));
    while (good) good = c.write(chunk(many));
    gone.set_value();
  });
  auto const transport = make_http_transport(trusting(), kClock);
  int lines = 0;
  auto const result = transport->stream_lines(
      {.url = url_of(server, false, "/x"), .max_response = 1000},
      [&](std::string const&) {
        if (++lines == 1) BOOST_TEST((gone.get_future().wait_for(kLong) == std::future_status::ready));
      },
      kLong, within(kLong));
  check_error(result, ErrorKind::Invalid, {"ResponseTooLarge"});
}

BOOST_AUTO_TEST_CASE(a_stop_ends_a_silent_stream_at_once) {
  for (bool const https : {false, true}) {
    ScriptedServer server(
        [](Connection& c) {
          if (c.read_request()) c.write(chunked(chunk("a\n")));
          c.wait_for_end();
        },
        https ? std::optional(tls()) : std::nullopt);
    auto const transport = make_http_transport(trusting(), kClock);
    std::stop_source stop;
    std::promise<void> told;
    std::jthread const stopper([&] {
      told.get_future().wait();
      stop.request_stop();
    });
    SteadyTime const start = kClock.steady();
    auto const result = transport->stream_lines({.url = url_of(server, https, "/x")},
                                                [&](std::string const&) { told.set_value(); }, kLong,
                                                {.stop = stop.get_token()});
    check_error(result, ErrorKind::Canceled, {"Stopped"});
    BOOST_TEST((kClock.steady() - start < kSlack));
    BOOST_TEST(server.wait_for_idle());  // the connection is gone
    auto const again = transport->stream_lines({.url = url_of(server, https, "/x")}, nothing, kLong,
                                               {.stop = stop.get_token()});
    check_error(again, ErrorKind::Canceled, {"Stopped"});
    BOOST_TEST(server.connections() == 1);
  }
}

BOOST_AUTO_TEST_CASE(after_a_stop_no_line_is_told) {
  ScriptedServer server(streaming(says(chunked(chunk("a\nb\nc\n") + kLastChunk))));
  auto const transport = make_http_transport(trusting(), kClock);
  std::stop_source stop;
  int lines = 0;
  auto const result = transport->stream_lines({.url = url_of(server, false, "/case")},
                                              [&](std::string const&) {
                                                ++lines;
                                                stop.request_stop();
                                              },
                                              kLong, {.stop = stop.get_token()});
  check_error(result, ErrorKind::Canceled, {"Stopped"});
  BOOST_TEST(lines == 1);
}

BOOST_AUTO_TEST_CASE(what_the_caller_throws_ends_the_stream) {
  ScriptedServer server([](Connection& c) {
    if (c.read_request()) c.write(chunked(chunk("a\n")));
    c.wait_for_end();
  });
  auto const transport = make_http_transport(trusting(), kClock);
  auto const broken = [](std::string const&) { throw std::logic_error("a bug"); };
  BOOST_CHECK_THROW(static_cast<void>(transport->stream_lines({.url = url_of(server, false, "/x")}, broken,
                                                              kLong, within(kLong))),
                    std::logic_error);
  BOOST_TEST(server.wait_for_idle());
}

BOOST_AUTO_TEST_CASE(two_streams_at_once_and_a_call_beside_them) {
  std::atomic<int> waiting = 2;
  std::promise<void> all_there;
  std::shared_future<void> const go = all_there.get_future();
  ScriptedServer server(streaming([&](Connection& c) {
                          if (!c.write(chunked(chunk("first\n")))) return false;
                          go.wait();
                          return c.write(chunk("second\n") + kLastChunk);
                        }),
                        tls());
  auto const transport = make_http_transport(trusting(), kClock);
  auto const stream = [&] {
    Lines lines;
    auto const result = transport->stream_lines(
        {.url = url_of(server, true, "/case")},
        [&](std::string line) {
          lines.push_back(std::move(line));
          if (lines.size() == 1 &&
              --waiting == 0) {  // both are under way: neither keeps a call from its answer
            BOOST_TEST(bool(transport->send({.url = url_of(server, true, "/x")}, within(kLong))));
            all_there.set_value();
          }
        },
        kLong, within(kLong));
    return result && lines == Lines{"first", "second"};
  };
  auto other = std::async(std::launch::async, stream);
  BOOST_TEST(stream());
  BOOST_TEST(other.get());
}

// Stopped at every moment: before the handshake, within it, before the head, within a line.
BOOST_AUTO_TEST_CASE(a_hundred_stops) {
  ScriptedServer server(streaming([](Connection& c) {
                          c.pause(milliseconds(1));
                          bool good = c.write(chunked(""));
                          while (good)
                            good =
                                c.write(chunk("a li")) && c.pause(milliseconds(1)) && c.write(chunk("ne\n"));
                          return false;
                        }),
                        tls());
  auto const transport = make_http_transport(trusting(), kClock);
  SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    std::stop_source stop;
    int const at_line = i % 4;  // 0: whenever it comes
    std::jthread const stopper([&, pause = Duration(random.next() % 12)] {
      if (at_line == 0) Wakeup().wait_until(kClock.steady() + pause, {});
      if (at_line == 0) stop.request_stop();
    });
    int lines = 0;
    auto const result = transport->stream_lines({.url = url_of(server, true, "/case")},
                                                [&](std::string const& line) {
                                                  BOOST_TEST(line == "a line");
                                                  if (++lines == at_line) stop.request_stop();
                                                },
                                                kLong, {.stop = stop.get_token()});
    check_error(result, ErrorKind::Canceled, {"Stopped"});
    if (at_line > 0) BOOST_TEST(lines == at_line);
  }
  BOOST_TEST(server.wait_for_idle());
  BOOST_TEST(transport->send({.url = url_of(server, true, "/next")}, within(kLong)).value().body == "/next");
}

BOOST_AUTO_TEST_CASE(the_splitter_does_not_mind_the_pieces) {
  std::string const text = "one\n\nthree is longer\nrest";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter(15);
    Lines lines;
    for (std::size_t at = 0; at < text.size(); at += size) {
      splitter.add(std::string_view(text).substr(at, size));
      while (auto line = splitter.next()) lines.push_back(std::move(*line));
    }
    BOOST_TEST((lines == Lines{"one", "", "three is longer"}));
    BOOST_TEST(splitter.within_line());
    BOOST_TEST(!splitter.too_long());
  }
}

BOOST_AUTO_TEST_SUITE_END()
