#include "controller/kube/event_recorder.hpp"

#include <algorithm>
#include <deque>

#include <boost/test/unit_test.hpp>

#include "controller/base/metrics.hpp"

using namespace trainyard;
using namespace trainyard::kube;

namespace {

/// Answers as told, 201 and 200 by itself, and keeps what was asked.
class ScriptedApi final : public StreamingTransport {
 public:
  std::deque<Result<HttpResponse>> answers;
  std::vector<HttpRequest> asked;
  std::function<void()> meanwhile = [] {};

  Result<HttpResponse> send(HttpRequest const& request, Context const&) override {
    asked.push_back(request);
    meanwhile();
    if (answers.empty()) return HttpResponse{.status = request.method == "POST" ? 201 : 200, .body = "{}"};
    Result<HttpResponse> answer = answers.front();
    answers.pop_front();
    return answer;
  }
  Result<HttpResponse> stream_lines(HttpRequest const&, std::function<void(std::string)> const&, Duration,
                                    Context const&) override {
    return HttpResponse{.status = 500};
  }
  [[nodiscard]] Json body(std::size_t i) const {
    BOOST_REQUIRE(i < asked.size());
    Result<Json> parsed = Json::parse(asked[i].body);
    BOOST_REQUIRE(parsed);
    return *parsed;
  }
};

Error lost() { return {.kind = ErrorKind::Transient, .reason = "ConnectionLost", .maybe_applied = true}; }

struct Recording {
  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 50))};
  SeededRandom random{1};
  Scrubber scrubber;
  std::vector<std::string> lines;
  Logger log{clock, scrubber, LogFormat::Text, LogLevel::Info,
             [this](std::string_view line) { lines.emplace_back(line); }};
  Metrics metrics;
  ScriptedApi server;
  ApiClient api{{.server = "http://api.test:80"}, server, clock, scrubber, metrics};
  EventRecorder events{{.api = api,
                        .clock = clock,
                        .random = random,
                        .log = log,
                        .scrubber = scrubber,
                        .instance = "operator-0"}};

  void record(std::string const& message = "all is well", std::string const& uid = "u1") {
    ObjectKey const key{"TrainingRun", "team", "fit"};
    events.record({.key = key, .api_version = "trainyard.dev/v1alpha1", .uid = uid, .resource_version = "7"},
                  {.about = key, .reason = "Submitted", .message = message});
  }
  Duration step() { return events.step({}); }
  [[nodiscard]] int lines_with(std::string const& words) const {
    return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](std::string const& line) {
      return line.find(words) != std::string::npos;
    }));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(event_recorder)

BOOST_FIXTURE_TEST_CASE(equal_events_are_one_series_and_others_are_not, Recording) {
  record();
  record();
  record("all is better");
  record("all is well", "u2");
  step();
  BOOST_REQUIRE(server.asked.size() == 4U);
  BOOST_TEST(server.asked[0].method == "POST");
  BOOST_TEST(server.asked[1].method == "PATCH");
  BOOST_TEST(server.asked[1].url.ends_with("/" + server.body(0).text({"metadata", "name"})));
  BOOST_TEST(server.body(1).at({"series", "count"}).integer_or(0) == 2);
  BOOST_TEST(server.asked[2].method == "POST");
  BOOST_TEST(server.asked[3].method == "POST");

  clock.advance(std::chrono::minutes(7));  // longer than a series lasts
  record();
  step();
  BOOST_TEST(server.asked.back().method == "POST");
}

BOOST_FIXTURE_TEST_CASE(an_event_says_what_it_is_about_and_who_tells_it, Recording) {
  scrubber.add_secret("hidden-word");
  record("the hidden-word is " + std::string(3000, 'x'));
  step();
  Json const event = server.body(0);
  BOOST_TEST(event.text({"regarding", "uid"}) == "u1");
  BOOST_TEST(event.text({"regarding", "resourceVersion"}) == "7");
  BOOST_TEST(event.text("reportingInstance") == "operator-0");
  BOOST_TEST(event.text("type") == "Normal");
  BOOST_TEST(event.text("note").find("hidden-word") == std::string::npos);
  BOOST_TEST(event.text("note").size() <= 1024U);
  BOOST_TEST(server.asked[0].url == "http://api.test:80/apis/events.k8s.io/v1/namespaces/team/events");
}

BOOST_FIXTURE_TEST_CASE(an_event_whose_answer_is_lost_is_not_made_twice, Recording) {
  server.answers = {lost(), HttpResponse{.status = 409, .body = R"({"reason": "AlreadyExists"})"}};
  record();
  BOOST_TEST((step() > Duration{0}));  // to be called again
  step();
  BOOST_REQUIRE(server.asked.size() == 2U);
  BOOST_TEST(server.body(0).text({"metadata", "name"}) == server.body(1).text({"metadata", "name"}));
  record();
  step();
  BOOST_TEST(server.body(2).at({"series", "count"}).integer_or(0) == 2);
  BOOST_TEST(lines.empty());
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_written_is_told_in_the_log_and_the_next_goes_on, Recording) {
  server.answers = {lost(), lost(), lost(), lost(), lost()};
  record();
  record("another");
  for (int i = 0; i < 5; ++i) step();
  BOOST_TEST(lines_with("an event could not be written") == 1);
  BOOST_TEST(server.asked.size() == 6U);
  BOOST_TEST(server.body(5).text("note") == "another");

  server.answers = {HttpResponse{.status = 403, .body = R"({"reason": "Forbidden", "message": "no"})"}};
  record("refused");
  step();  // at once: the right will not come by asking again
  BOOST_TEST(lines_with("an event could not be written") == 2);
}

BOOST_FIXTURE_TEST_CASE(too_many_at_once_are_counted_in_one_line, Recording) {
  int count = 0;
  auto const another = [&] { record("event " + std::to_string(count++)); };
  while (count < 1003) another();  // three too many
  server.meanwhile = [&] {         // and one more while each of the first ten is written
    if (count < 1013) another();
  };
  step();
  BOOST_TEST(server.asked.size() == 1009U);  // the first left its place only after that
  BOOST_TEST(lines_with("events were dropped") == 1);
  BOOST_TEST(lines_with("events=4") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_namespace_that_is_being_deleted_takes_none_and_lacks_no_right, Recording) {
  std::string const terminating =
      R"({"kind":"Status","reason":"Forbidden","message":"m","details":{"causes":[{"reason":"NamespaceTerminating"}]}})";
  for (std::string const& body : {terminating, std::string(R"({"kind":"Status","reason":"Forbidden"})")})
    server.answers.emplace_back(HttpResponse{.status = 403, .body = body});
  record("the last words");
  step();
  BOOST_TEST(server.asked.size() == 1U);
  BOOST_TEST(lines_with("INFO an event of a namespace that is being deleted") == 1);
  BOOST_TEST(lines_with("the last words") == 1);
  record("others");
  step();
  BOOST_TEST(lines_with("WARN an event could not be written") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
