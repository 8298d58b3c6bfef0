#include "tests/base/http_stream_conformance.hpp"

#include <array>
#include <ostream>

#include "tests/base/http_conformance.hpp"

namespace trainyard::test {
namespace {

using std::chrono::milliseconds;
using Cases = std::vector<StreamCase>;

/// A whole stream in the chunks given.
std::string stream(std::vector<std::string> const& chunks) {
  std::string text = chunked("");
  for (std::string const& bytes : chunks) text += chunk(bytes);
  return text + kLastChunk;
}

std::vector<std::string> pieces(std::string const& text, std::size_t size) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size(); at += size) all.push_back(text.substr(at, size));
  return all;
}

/// Byte by byte: each in a segment, and over TLS in a record, of its own.
std::function<bool(Connection&)> slowly(std::string const& text) {
  return [text](Connection& c) {
    for (char const byte : text)
      if (!c.write(std::string(1, byte)) || !c.pause(milliseconds(1))) return false;
    return true;
  };
}

/// Says the bytes and nothing more.
std::function<bool(Connection&)> then_silence(std::string const& bytes) {
  return [bytes](Connection& c) { return c.write(bytes) && silence(c); };
}

/// The same chunk until the client leaves.
std::function<bool(Connection&)> for_ever(std::string const& bytes, Duration pause) {
  return [bytes, pause](Connection& c) {
    bool good = c.write(chunked(""));
    while (good) good = (pause == Duration(0) || c.pause(pause)) && c.write(chunk(bytes));
    return false;
  };
}

void add_whole_streams(Cases& cases) {
  std::string const long_line(400'000, 'l');
  std::vector<std::string> const many(20'000, "a short line");
  std::string many_text;
  for (std::string const& line : many) many_text += line + "\n";
  cases.push_back(
      {.name = "a line in each chunk", .play = says(stream({"a\n", "b\n"})), .lines = {"a", "b"}});
  cases.push_back({.name = "lines split over chunks",
                   .play = says(stream({"he", "llo\nwo", "r", "ld", "\n"})),
                   .lines = {"hello", "world"}});
  cases.push_back({.name = "lines split over segments",
                   .play = slowly(stream({"hello\nwor", "ld\n"})),
                   .lines = {"hello", "world"}});
  cases.push_back({.name = "many lines in one chunk", .play = says(stream({many_text})), .lines = many});
  cases.push_back({.name = "many lines in chunks of 7 bytes",
                   .play = says(stream(pieces(many_text.substr(0, 13'000), 7))),
                   .lines = std::vector<std::string>(1000, many.front())});
  cases.push_back({.name = "400 kB in one chunk",
                   .play = says(stream({"a\n" + long_line + "\nb\n"})),
                   .lines = {"a", long_line, "b"}});
  cases.push_back({.name = "400 kB in many chunks",
                   .play = says(stream(pieces(long_line + "\n", 1000))),
                   .lines = {long_line}});
  cases.push_back({.name = "empty lines, and what is no line end",
                   .play = says(stream({"\n\na\r\n\n"})),
                   .lines = {"", "", "a\r", ""}});
  cases.push_back({.name = "nothing at all", .play = says(stream({}))});
  cases.push_back({.name = "no content", .play = says("HTTP/1.1 204 No Content\r\n\r\n"), .status = 204});
  cases.push_back({.name = "with a length", .play = says(answer("a\nb\n")), .lines = {"a", "b"}});
  cases.push_back({.name = "until the end of the connection",
                   .play = says(head("") + "a\nb\n", false),
                   .lines = {"a", "b"}});
  cases.push_back({.name = "a line as long as the limit",
                   .play = says(stream({std::string(1000, 'x') + "\n"})),
                   .lines = {std::string(1000, 'x')},
                   .max_response = 1000});
}

void add_other_answers(Cases& cases) {
  for (std::string const status : {"302 Found", "410 Gone", "429 Too Many Requests", "503 Busy"}) {
    cases.push_back(
        {.name = status,
         .play = says(answer("two\nlines", "Location: /next/redirected\r\nRetry-After: 1\r\n", status)),
         .status = std::stoi(status),
         .body = "two\nlines"});
    cases.push_back({.name = status + " in chunks",
                     .play = says("HTTP/1.1 " + status + "\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                  chunk("two\nl") + chunk("ines") + kLastChunk),
                     .status = std::stoi(status),
                     .body = "two\nlines"});
  }
  cases.push_back({.name = "not HTTP",
                   .play = says("SSH-2.0-x\r\n\r\n", false),
                   .status = 0,
                   .reason = "MalformedAnswer"});
  cases.push_back({.name = "100 Continue nobody asked for",
                   .play = says("HTTP/1.1 100 Continue\r\n\r\n" + stream({"a\n"})),
                   .status = 0,
                   .reason = "MalformedAnswer"});
}

void add_broken_streams(Cases& cases) {
  auto const add = [&](std::string name, std::function<bool(Connection&)> play,
                       std::vector<std::string> lines) {
    cases.push_back({.name = std::move(name),
                     .play = std::move(play),
                     .lines = std::move(lines),
                     .status = 0,
                     .reason = "ConnectionLost"});
  };
  add("closed before the head", cut_after(""), {});
  add("closed within the head", cut_after("HTTP/1.1 200 OK\r\nTransf"), {});
  add("closed after the head", cut_after(chunked("")), {});
  add("closed after a line", cut_after(chunked(chunk("a\n"))), {"a"});
  add("closed within a line", cut_after(chunked(chunk("a\nb"))), {"a"});
  add("closed within a chunk", cut_after(chunked(chunk("a\n") + "9\r\nb")), {"a"});
  add("ended within a line", says(stream({"a\n", "b"})), {"a"});
  add("ended by its length within a line", says(answer("a\nb")), {"a"});
  add("ended with the connection within a line", says(head("") + "a\nb", false), {"a"});
}

void add_floods(Cases& cases) {
  auto const add = [&](std::string name, std::function<bool(Connection&)> play,
                       std::vector<std::string> lines, bool only_tls = false) {
    cases.push_back({.name = std::move(name),
                     .play = std::move(play),
                     .lines = std::move(lines),
                     .status = 0,
                     .kind = ErrorKind::Invalid,
                     .reason = "ResponseTooLarge",
                     .only_tls = only_tls,
                     .max_response = 1000});
  };
  std::string const long_line(1001, 'x');
  add("a line a byte longer than the limit", says(stream({"a\n", long_line + "\n"})), {"a"});
  add("the same without its end", then_silence(chunked(chunk("a\n") + chunk(long_line))), {"a"});
  add("a line without end", for_ever(std::string(100, 'x'), Duration(0)), {});
  add("a body of another answer", says(answer(long_line, "", "410 Gone")), {});
  add(
      "a chunk of 300 MB",
      [](Connection& c) {
        bool good = c.write(chunked("12c00000\r\n"));
        while (good) good = c.write(std::string(std::size_t{64} << 10U, 'x'));
        return false;
      },
      {}, true);
}

void add_silences(Cases& cases) {
  auto const quiet = [&](std::string name, std::function<bool(Connection&)> play,
                         std::vector<std::string> lines) {
    cases.push_back({.name = std::move(name),
                     .play = std::move(play),
                     .lines = std::move(lines),
                     .status = 0,
                     .reason = "Timeout",
                     .quiet = milliseconds(300)});
  };
  quiet("silence instead of a head", silence, {});
  quiet("silence after the head", then_silence(chunked("")), {});
  quiet("silence after a line", then_silence(chunked(chunk("a\n"))), {"a"});
  quiet("silence within a chunk", then_silence(chunked(chunk("a\n") + "5\r\nbcd")), {"a"});
  quiet("bytes, but never a line", for_ever("x", milliseconds(20)), {});
  quiet("another answer whose body does not come",
        then_silence("HTTP/1.1 410 Gone\r\nContent-Length: 9\r\n\r\n"), {});
  cases.push_back({.name = "no head within the transport's own quiet time",
                   .play = silence,
                   .status = 0,
                   .reason = "Timeout",
                   .quiet_time = milliseconds(300)});
  cases.push_back({.name = "quiet for longer than the transport's own quiet time",
                   .play =
                       [](Connection& c) {
                         return c.write(chunked(chunk("a\n"))) && c.pause(milliseconds(1500)) &&
                                c.write(chunk("b\n") + kLastChunk);
                       },
                   .lines = {"a", "b"},
                   .quiet_time = milliseconds(700)});
  cases.push_back({.name = "silence: the deadline ends it",
                   .play = then_silence(chunked(chunk("a\n"))),
                   .lines = {"a"},
                   .status = 0,
                   .kind = ErrorKind::Canceled,
                   .reason = "DeadlineExceeded",
                   .deadline = milliseconds(700)});
}

}  // namespace

std::ostream& operator<<(std::ostream& out, StreamCase const& c) { return out << c.name; }

std::vector<StreamCase> stream_cases() {
  Cases cases;
  add_whole_streams(cases);
  add_other_answers(cases);
  add_broken_streams(cases);
  add_floods(cases);
  add_silences(cases);
  return cases;
}

std::string chunk(std::string const& bytes) {
  std::array<char, 20> size;
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  return size.data() + bytes + "\r\n";
}

}  // namespace trainyard::test
