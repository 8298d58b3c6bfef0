#include "reconcilers/azure/run_history.hpp"

#include <boost/test/data/test_case.hpp>

#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

constexpr char const* kLog =
    "https://mine.blob.core.windows.net/azureml/ExperimentRun/dcid.j/user_logs/std_log.txt?sr=b&sig=ab%2Bcd";

struct History : Scripted {
  AmlWorkspace workspace = *parse_workspace(workspace_body());
};

BOOST_AUTO_TEST_CASE(a_workspace_is_read) {
  Result<AmlWorkspace> const workspace = parse_workspace(workspace_body());
  BOOST_REQUIRE(workspace.has_value());
  BOOST_TEST(workspace->workspace_id == "guid-1");
  BOOST_TEST(workspace->tracking_uri ==
             "https://eastus.api.azureml.ms/mlflow/v1.0/subscriptions/S/resourceGroups/G/providers/"
             "Microsoft.MachineLearningServices/workspaces/W");
  Json lacking = workspace_body();
  lacking["properties"].erase("workspaceId");
  BOOST_TEST(!parse_workspace(lacking).has_value());
  lacking["properties"]["provisioningState"] = "Creating";
  BOOST_TEST(parse_workspace(lacking).has_value());
  BOOST_TEST(!parse_workspace(Json()).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_workspace_with_a_foreign_data_plane_is_refused, Scripted) {
  Json body = workspace_body();
  body["properties"]["discoveryUrl"] = "https://evil.example/discovery";
  wire().expect("GET", "/workspaces/W?api-version=", 200, body.dump());
  Result<AmlWorkspace> const workspace = get_workspace(arm, id, {});
  BOOST_REQUIRE(!workspace.has_value());
  BOOST_TEST(workspace.error().reason == "HostNotAllowed");
  BOOST_TEST(workspace.error().message.find("evil.example") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(details_tell_times_failure_and_logs, History) {
  scrubber.add_secret("swordfish");
  wire().expect(
      "GET",
      "https://eastus.api.azureml.ms/history/v1.0/subscriptions/S/resourceGroups/G/providers/"
      "Microsoft.MachineLearningServices/workspaces/W/runs/j/details",
      200,
      R"({"startTimeUtc":"2026-02-01T10:00:00.1234567+00:00","endTimeUtc":null,"cancelationReason":null,
                    "error":{"error":{"code":"UserError","message":"exited with status code 1, swordfish"},"time":"t"},
                    "logFiles":{"user_logs/std_log.txt":"https://h/l?sig=x","odd":3}})");
  Result<RunDetails> const details = get_run_details(arm, id, workspace, "j", {});
  BOOST_REQUIRE(details.has_value());
  BOOST_TEST(details->started_at == "2026-02-01T10:00:00.123Z");
  BOOST_TEST(details->ended_at.empty());
  BOOST_TEST(details->error_code == "UserError");
  BOOST_TEST(details->error_message.find("swordfish") == std::string::npos);
  BOOST_TEST(details->log_files.size() == 1U);
  BOOST_TEST(wire().sent.front().url.find("api-version") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_is_not_known_there_yet_gives_nothing, History) {
  wire().expect("GET", "/runs/j/details", 404, R"({"error":{"code":"UserError","message":"no run"}})");
  BOOST_TEST(get_run_details(arm, id, workspace, "j", {})->started_at.empty());
  wire().expect("GET", "/runs/get?run_id=j", 404,
                R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"m"})");
  BOOST_TEST(get_metrics(arm, id, workspace, "j", {})->empty());
  wire().expect("GET", "/runs/get", 500);
  BOOST_TEST(!get_metrics(arm, id, workspace, "j", {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(metrics_are_the_last_values_that_are_numbers, History) {
  wire().expect(
      "GET",
      "https://eastus.api.azureml.ms/mlflow/v2.0/subscriptions/S/resourceGroups/G/providers/"
      "Microsoft.MachineLearningServices/workspaces/W/api/2.0/mlflow/runs/get?run_id=j",
      200,
      R"({"run":{"info":{"run_id":"j"},"data":{"metrics":[{"key":"loss","value":0.25,"step":3},{"key":"epochs","value":4},
                    {"key":"odd","value":"NaN"},{"key":"big","value":"Infinity"}],"params":[]}}})");
  Result<std::map<std::string, double>> const metrics_of = get_metrics(arm, id, workspace, "j", {});
  BOOST_REQUIRE(metrics_of.has_value());
  BOOST_TEST(metrics_of->size() == 2U);
  BOOST_TEST(metrics_of->at("loss") == 0.25);
  BOOST_TEST(metrics_of->at("epochs") == 4.0);
}

BOOST_FIXTURE_TEST_CASE(a_short_log_is_read_at_once, Scripted) {
  wire().expect("GET", kLog, 206, "hello\n", {{"Content-Range", "bytes 0-5/6"}});
  BOOST_TEST(*read_log_tail(arm, kLog, 100, {}) == "hello\n");
  BOOST_TEST(find_header(wire().sent[0].headers, "Range").value_or("") == "bytes=0-99");
  BOOST_TEST(!find_header(wire().sent[0].headers, "Authorization").has_value());
  BOOST_TEST(lines.find("sig") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(of_a_long_log_the_last_whole_lines_are_read, Scripted) {
  wire()
      .expect("GET", kLog, 206, "0123456789", {{"Content-Range", "bytes 0-9/25"}})
      .expect("GET", kLog, 206, "of\nklmnop\n", {{"Content-Range", "bytes 15-24/25"}});
  BOOST_TEST(*read_log_tail(arm, kLog, 10, {}) == "klmnop\n");
  BOOST_TEST(find_header(wire().sent[1].headers, "Range").value_or("") == "bytes=15-24");
}

BOOST_FIXTURE_TEST_CASE(a_server_without_ranges_gives_all_and_the_end_is_kept, Scripted) {
  wire().expect("GET", kLog, 200, "abcd\nfghi");
  BOOST_TEST(*read_log_tail(arm, kLog, 7, {}) == "fghi");
}

struct BytesCase {
  std::string name, bytes, text;
  friend std::ostream& operator<<(std::ostream& out, BytesCase const& c) { return out << c.name; }
};
std::vector<BytesCase> const kBytes{
    {"whole characters stay", "a\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x9A\x82",
     "a\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x9A\x82"},
    {"the rest of a character that was cut", "\x82\xAC end", "\xEF\xBF\xBD\xEF\xBF\xBD end"},
    {"a character cut at the end", "end \xE2\x82", "end \xEF\xBF\xBD\xEF\xBF\xBD"},
    {"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"above Unicode", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"binary", "\xFF\xFE ok", "\xEF\xBF\xBD\xEF\xBF\xBD ok"},
};
BOOST_DATA_TEST_CASE_F(Scripted, whatever_a_log_holds_fits_in_a_status, boost::unit_test::data::make(kBytes),
                       c) {
  wire().expect("GET", kLog, 200, c.bytes);
  Result<std::string> const tail = read_log_tail(arm, kLog, 100, {});
  BOOST_TEST(*tail == c.text);
  BOOST_TEST(Json::parse(Json(*tail).dump()).has_value());
}

BOOST_FIXTURE_TEST_CASE(an_empty_log_has_no_range, Scripted) {
  wire().expect("GET", kLog, 416, "", {{"x-ms-error-code", "InvalidRange"}}).expect("GET", kLog, 200, "");
  BOOST_TEST(read_log_tail(arm, kLog, 10, {})->empty());
  BOOST_TEST(!find_header(wire().sent[1].headers, "Range").has_value());
}

BOOST_FIXTURE_TEST_CASE(a_log_that_is_not_there_yet_is_empty, Scripted) {
  wire().expect("GET", kLog, 404, "", {{"x-ms-error-code", "BlobNotFound"}});
  BOOST_TEST(read_log_tail(arm, kLog, 10, {})->empty());
}

BOOST_FIXTURE_TEST_CASE(secrets_in_a_log_are_blotted_out, Scripted) {
  scrubber.add_secret("swordfish");
  wire().expect("GET", kLog, 200, "the word is swordfish\n");
  BOOST_TEST(read_log_tail(arm, kLog, 100, {})->find("swordfish") == std::string::npos);
}

struct MoreCase {
  std::string name;
  LogWanted wanted;
  std::string bytes;  // as they come for the range that is asked for
  std::size_t from = 0, total = 0;
  LogPart part;
  friend std::ostream& operator<<(std::ostream& out, MoreCase const& c) { return out << c.name; }
};
std::vector<MoreCase> const kMore{
    {"a line that is not whole waits",
     {.from = 4, .most = 100},
     "two\nthr",
     4,
     11,
     {.text = "two\n", .next = 8}},
    {"until the log has ended",
     {.from = 8, .most = 100, .ended = true},
     "three",
     8,
     13,
     {.text = "three", .next = 13}},
    {"nothing whole yet", {.from = 8, .most = 100}, "thr", 8, 11, {.next = 8}},
    {"a line that is longer than what is read is left out",
     {.from = 2, .most = 6},
     "abcdef",
     2,
     8,
     {.skipped = 6, .next = 8}},
    {"of a progress bar what stood last",
     {.most = 100},
     "start\n10%\r20%\r\n",
     0,
     15,
     {.text = "start\n20%\n", .next = 15}},
};
BOOST_DATA_TEST_CASE_F(Scripted, a_log_is_read_on, boost::unit_test::data::make(kMore), c) {
  wire().expect(
      "GET", kLog, 206, c.bytes,
      {{"Content-Range", "bytes " + std::to_string(c.from) + "-" +
                             std::to_string(c.from + c.bytes.size() - 1) + "/" + std::to_string(c.total)}});
  Result<LogPart> const part = read_log(arm, kLog, c.wanted, {});
  BOOST_REQUIRE(part.has_value());
  BOOST_TEST(part->text == c.part.text);
  BOOST_TEST(part->skipped == c.part.skipped);
  BOOST_TEST(part->next == c.part.next);
}

BOOST_FIXTURE_TEST_CASE(what_came_faster_than_it_is_read_is_left_out, Scripted) {
  wire()
      .expect("GET", kLog, 206, "0123456789", {{"Content-Range", "bytes 5-14/30"}})
      .expect("GET", kLog, 206, "old\nnew\nha", {{"Content-Range", "bytes 20-29/30"}});
  Result<LogPart> const part = read_log(arm, kLog, {.from = 5, .most = 10}, {});
  BOOST_REQUIRE(part.has_value());
  BOOST_TEST(find_header(wire().sent[1].headers, "Range").value_or("") == "bytes=20-29");
  BOOST_TEST(part->text == "new\n");
  BOOST_TEST(part->skipped == 19U);  // bytes 5 to 23: "old" may be the end of a line
  BOOST_TEST(part->next == 28U);
}

BOOST_FIXTURE_TEST_CASE(nothing_new_is_nothing, Scripted) {
  wire().expect("GET", kLog, 416, "", {{"Content-Range", "bytes */7"}});
  Result<LogPart> const part = read_log(arm, kLog, {.from = 7, .most = 10}, {});
  BOOST_REQUIRE(part.has_value());
  BOOST_TEST(part->text.empty());
  BOOST_TEST(part->next == 7U);
}

BOOST_FIXTURE_TEST_CASE(a_log_that_was_begun_anew_is_read_so, Scripted) {
  wire()
      .expect("GET", kLog, 416, "", {{"Content-Range", "bytes */4"}})
      .expect("GET", kLog, 206, "one\n", {{"Content-Range", "bytes 0-3/4"}});
  Result<LogPart> const part = read_log(arm, kLog, {.from = 7, .most = 10}, {});
  BOOST_REQUIRE(part.has_value());
  BOOST_TEST(part->text == "one\n");
  BOOST_TEST(part->skipped == 0U);
  BOOST_TEST(part->next == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_log_elsewhere_is_not_read, Scripted) {
  BOOST_TEST(read_log_tail(arm, "https://evil.example/l?sig=x", 10, {}).error().reason == "HostNotAllowed");
}

}  // namespace
}  // namespace trainyard::azure
