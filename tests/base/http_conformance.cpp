#include "tests/base/http_conformance.hpp"

#include <ostream>

namespace trainyard::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kFlood = std::size_t{300} << 20U;

bool flood(Connection& c, std::string const& before, std::size_t size) {
  std::string const piece(std::size_t{64} << 10U, 'x');
  bool good = c.write(before);
  for (std::size_t sent = 0; good && sent < size; sent += piece.size()) good = c.write(piece);
  return false;
}

bool flood_in_chunks(Connection& c) {
  std::string const piece = "10000\r\n" + std::string(std::size_t{64} << 10U, 'x') + "\r\n";
  bool good = c.write(chunked(""));
  for (std::size_t sent = 0; good && sent < kFlood; sent += piece.size()) good = c.write(piece);
  return false;
}

bool drip(Connection& c) {
  bool good = c.write(chunked(""));
  while (good) good = c.pause(milliseconds(20)) && c.write("1\r\nx\r\n");
  return false;
}

bool slow_but_whole(Connection& c) {
  for (char const byte : answer("slow"))
    if (!c.write(std::string(1, byte)) || !c.pause(milliseconds(1))) return false;
  return true;
}

bool late(Connection& c, std::string const& first, std::string const& then) {
  return c.write(first) && c.pause(milliseconds(50)) && c.write(then);
}

using Cases = std::vector<ConformanceCase>;

// Where something may have been sent for a write, a read of the same kind cannot have applied anything.
void add_broken_connections(Cases& cases) {
  std::vector<std::string> const lost{"ConnectionLost"};
  auto const reset = [](Connection& c) {
    c.reset();
    return false;
  };
  auto const closed_once = [](Connection& c) { return c.number() > 0 && c.write(answer("again")); };
  cases.push_back(
      {.name = "closed before the status line", .play = cut_after(""), .status = 0, .reasons = lost});
  cases.push_back({.name = "reset before the status line", .play = reset, .status = 0, .reasons = lost});
  cases.push_back({.name = "write, closed before the status line",
                   .play = cut_after(""),
                   .status = 0,
                   .reasons = lost,
                   .method = "PUT",
                   .maybe_applied = true});
  cases.push_back({.name = "closed within the head",
                   .play = cut_after("HTTP/1.1 200 OK\r\nContent-Le"),
                   .status = 0,
                   .reasons = lost});
  cases.push_back({.name = "reused, read: repeated by the library",
                   .play = closed_once,
                   .body = "again",
                   .warm = true,
                   .sent = 2});
  cases.push_back({.name = "reused, write: sent once",
                   .play = closed_once,
                   .body = "again",
                   .method = "POST",
                   .warm = true});
  cases.push_back({.name = "reused, closed within the head",
                   .play = cut_after("HTTP/1.1 200 OK\r\n"),
                   .status = 0,
                   .reasons = lost,
                   .warm = true,
                   .sent = 2});
  cases.push_back({.name = "body shorter than its length",
                   .play = cut_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
                   .status = 0,
                   .reasons = lost});
  cases.push_back({.name = "write, body shorter than its length",
                   .play = cut_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
                   .status = 0,
                   .reasons = lost,
                   .method = "DELETE",
                   .maybe_applied = true});
  cases.push_back(
      {.name = "chunk cut short", .play = cut_after(chunked("a\r\nhalf")), .status = 0, .reasons = lost});
  cases.push_back({.name = "chunks without an end",
                   .play = cut_after(chunked("4\r\nhalf\r\n")),
                   .status = 0,
                   .reasons = lost});
}

void add_odd_answers(Cases& cases) {
  std::vector<std::string> const malformed{"MalformedAnswer"};
  cases.push_back({.name = "length", .play = says(answer("plain")), .body = "plain"});
  cases.push_back(
      {.name = "chunks", .play = says(chunked("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")), .body = "abcde"});
  cases.push_back(
      {.name = "chunk extensions", .play = says(chunked("2;a=b\r\nab\r\n0;c\r\n\r\n")), .body = "ab"});
  cases.push_back({.name = "trailer", .play = says(chunked("2\r\nab\r\n0\r\nX: y\r\n\r\n")), .body = "ab"});
  cases.push_back({.name = "announced trailer",
                   .play = says(chunked("2\r\nab\r\n0\r\nX: y\r\n\r\n", "Trailer: X\r\n")),
                   .body = "ab"});
  cases.push_back({.name = "late trailer",
                   .play = [](Connection& c) { return late(c, chunked("2\r\nab\r\n0\r\n"), "X: y\r\n\r\n"); },
                   .body = "ab"});
  cases.push_back({.name = "until the end of the connection",
                   .play = says(head("") + "all of it", false),
                   .body = "all of it"});
  cases.push_back({.name = "duplicate headers",
                   .play = says(answer("two", "X-Twice: a\r\nX-Twice: b\r\n")),
                   .body = "two"});
  cases.push_back({.name = "HEAD", .play = says(head("Content-Length: 5\r\n")), .method = "HEAD"});
  cases.push_back({.name = "no content",
                   .play = says("HTTP/1.1 204 No Content\r\n\r\n"),
                   .status = 204,
                   .method = "DELETE"});
  cases.push_back({.name = "an error is a value",
                   .play = says(answer("later", "Retry-After: 1\r\n", "503 Busy")),
                   .status = 503,
                   .body = "later"});
  cases.push_back({.name = "slow, but whole", .play = slow_but_whole, .body = "slow"});

  cases.push_back({.name = "100 Continue nobody asked for",
                   .play = says("HTTP/1.1 100 Continue\r\n\r\n" + answer("real")),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back(
      {.name = "103, and the answer later",
       .play = [](Connection& c) { return late(c, "HTTP/1.1 103 Early Hints\r\n\r\n", answer("real")); },
       .status = 0,
       .reasons = malformed});
  cases.push_back(
      {.name = "not HTTP", .play = says("SSH-2.0-x\r\n\r\n", false), .status = 0, .reasons = malformed});
  cases.push_back({.name = "write, not HTTP",
                   .play = says("SSH-2.0-x\r\n\r\n", false),
                   .status = 0,
                   .reasons = malformed,
                   .method = "PUT",
                   .maybe_applied = true});
  cases.push_back({.name = "status that is no number",
                   .play = says("HTTP/1.1 fine\r\n\r\n", false),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back({.name = "length that is no number",
                   .play = says(head("Content-Length: x\r\n") + "ab"),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back({.name = "two different lengths",
                   .play = says(head("Content-Length: 2\r\nContent-Length: 3\r\n") + "abc"),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back({.name = "chunk size that is no number",
                   .play = says(chunked("zz\r\nab\r\n0\r\n\r\n"), false),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back({.name = "chunk size beyond counting",
                   .play = says(chunked("ffffffffffffffff\r\nab\r\n0\r\n\r\n"), false),
                   .status = 0,
                   .reasons = malformed});
  cases.push_back({.name = "negative chunk",  // a huge one to cpprestsdk
                   .play = says(chunked("-1\r\nab\r\n0\r\n\r\n"), false),
                   .status = 0,
                   .kind = ErrorKind::Invalid,
                   .reasons = {"ResponseTooLarge"}});
  cases.push_back({.name = "very negative chunk",
                   .play = says(chunked("-9\r\nab\r\n0\r\n\r\n"), false),
                   .status = 0,
                   .reasons = {"MalformedAnswer", "ConnectionLost"}});
  cases.push_back({.name = "lines that end with LF only",
                   .play = says("HTTP/1.1 200 OK\nContent-Length: 2\n\nab", false),
                   .status = 0,
                   .reasons = {"ConnectionLost", "MalformedAnswer"}});
}

void add_redirects(Cases& cases) {
  for (std::string const status :
       {"301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"})
    for (std::string const method : {"GET", "PATCH"})
      cases.push_back({.name = method + " answered " + status,
                       .play = says(answer("go", "Location: /next/redirected\r\n", status)),
                       .status = std::stoi(status),
                       .body = "go",
                       .method = method});
}

void add_floods(Cases& cases) {
  std::vector<std::string> const too_large{"ResponseTooLarge"};
  auto const add = [&](std::string name, std::function<bool(Connection&)> play, bool only_tls = false) {
    cases.push_back({.name = std::move(name),
                     .play = std::move(play),
                     .status = 0,
                     .kind = ErrorKind::Invalid,
                     .reasons = too_large,
                     .only_tls = only_tls});
  };
  add("300 MB with a length", [](Connection& c) {
    return flood(c, head("Content-Length: " + std::to_string(kFlood) + "\r\n"), kFlood);
  });
  add("300 MB until the end", [](Connection& c) { return flood(c, head(""), kFlood); });
  add("300 MB in chunks", flood_in_chunks);
  add(
      "300 MB in one chunk", [](Connection& c) { return flood(c, chunked("12c00000\r\n"), kFlood); }, true);
  add(
      "head of 300 MB", [](Connection& c) { return flood(c, "HTTP/1.1 200 OK\r\nX: ", kFlood); }, true);
  add("head of 5 MB", [](Connection& c) {
    return c.write(head("X: " + std::string(std::size_t{5} << 20U, 'x') + "\r\nContent-Length: 0\r\n"));
  });
  cases.push_back({.name = "exactly the limit",
                   .play = says(answer(std::string(1000, 'x'))),
                   .body = std::string(1000, 'x'),
                   .max_response = 1000});
  cases.push_back({.name = "a byte above the limit",
                   .play = says(answer(std::string(1001, 'x'))),
                   .status = 0,
                   .kind = ErrorKind::Invalid,
                   .reasons = too_large,
                   .max_response = 1000});
}

void add_silences(Cases& cases) {
  cases.push_back({.name = "silence: the quiet time ends it",
                   .play = silence,
                   .status = 0,
                   .reasons = {"Timeout"},
                   .quiet_time = milliseconds(300)});
  cases.push_back({.name = "write, silence",
                   .play = silence,
                   .status = 0,
                   .reasons = {"Timeout"},
                   .method = "PUT",
                   .maybe_applied = true,
                   .quiet_time = milliseconds(300)});
  cases.push_back({.name = "silence: the deadline ends it",
                   .play = silence,
                   .status = 0,
                   .kind = ErrorKind::Canceled,
                   .reasons = {"DeadlineExceeded"},
                   .deadline = milliseconds(500)});
  cases.push_back({.name = "write, ended by the deadline",
                   .play = silence,
                   .status = 0,
                   .kind = ErrorKind::Canceled,
                   .reasons = {"DeadlineExceeded"},
                   .method = "PUT",
                   .maybe_applied = true,
                   .deadline = milliseconds(500)});
  cases.push_back({.name = "dripping for ever: the deadline ends it",
                   .play = drip,
                   .status = 0,
                   .kind = ErrorKind::Canceled,
                   .reasons = {"DeadlineExceeded"},
                   .deadline = milliseconds(600)});
}

}  // namespace

std::vector<Implementation> const& implementations() {
  static std::vector<Implementation> const all{{"cpprestsdk", &make_http_transport}};
  return all;
}

std::ostream& operator<<(std::ostream& out, ConformanceCase const& c) { return out << c.name; }

std::vector<ConformanceCase> conformance_cases() {
  Cases cases;
  add_broken_connections(cases);
  add_odd_answers(cases);
  add_redirects(cases);
  add_floods(cases);
  add_silences(cases);
  return cases;
}

std::function<bool(Connection&)> says(std::string bytes, bool goes_on) {
  return [bytes = std::move(bytes), goes_on](Connection& c) { return c.write(bytes) && goes_on; };
}

std::function<bool(Connection&)> cut_after(std::string bytes) {
  return [bytes = std::move(bytes)](Connection& c) {
    c.write(bytes);
    c.cut();
    return false;
  };
}

std::string head(std::string const& headers) { return "HTTP/1.1 200 OK\r\n" + headers + "\r\n"; }
std::string chunked(std::string const& body, std::string const& more) {
  return head("Transfer-Encoding: chunked\r\n" + more) + body;
}

bool silence(Connection& c) {
  c.wait_for_end();
  return false;
}

std::string answer(std::string const& body, std::string const& more_headers, std::string const& status) {
  return "HTTP/1.1 " + status + "\r\n" + more_headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace trainyard::test
