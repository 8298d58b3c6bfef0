// What is kept of a log that is followed.
#include "reconcilers/training_run/follow.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {
namespace {

using std::chrono::seconds;

WallTime const kNow = *parse_rfc3339("2026-01-02T03:04:05Z");

StoredObject run_asked_at(WallTime at) {
  StoredObject run;
  run.annotations = Json::object({{std::string(kFollowLogs), to_rfc3339(at)}});
  run.status = Json::object({{"runPlace", "Workspace/default/ml"}});
  return run;
}

BOOST_AUTO_TEST_SUITE(follow)

BOOST_AUTO_TEST_CASE(a_request_is_fresh_for_a_minute) {
  BOOST_TEST(is_followed(run_asked_at(kNow), kNow));
  BOOST_TEST(is_followed(run_asked_at(kNow - seconds(59)), kNow));
  BOOST_TEST(!is_followed(run_asked_at(kNow - seconds(60)), kNow));
  BOOST_TEST(is_followed(run_asked_at(kNow + seconds(299)), kNow));  // by a clock that goes before ours
  BOOST_TEST(!is_followed(run_asked_at(kNow + seconds(300)), kNow));
  BOOST_TEST(!is_followed(StoredObject{}, kNow));
  StoredObject local = run_asked_at(kNow);
  local.status["runPlace"] = "local";
  BOOST_TEST(!is_followed(local, kNow));
}

BOOST_AUTO_TEST_CASE(whole_lines_at_the_end_are_kept_and_the_rest_is_counted) {
  KeptLog log;
  add(log, {.text = "first\n" + std::string(kMostLog - 8, 'x') + "\n", .next = kMostLog - 1});
  BOOST_TEST(log.offset == 0U);
  BOOST_TEST(log.text.size() == kMostLog - 1);
  add(log, {.text = "y\n", .next = kMostLog + 1});
  BOOST_TEST(log.offset == 6U);  // "first" and its line end
  BOOST_TEST(log.text.ends_with("x\ny\n"));
  BOOST_TEST(log.read == kMostLog + 1);
  add(log, {.text = std::string(kMostLog, 'z') + "\n", .next = 2 * kMostLog + 2});  // one line, and too long
  BOOST_TEST(log.text.empty());
  BOOST_TEST(log.offset == 2 * kMostLog + 2);
}

BOOST_AUTO_TEST_CASE(after_a_gap_the_log_begins_anew) {
  KeptLog log{.read = 4, .offset = 10, .text = "one\n"};
  add(log, {.text = "two\n", .skipped = 100, .next = 108});
  BOOST_TEST(log.text == "two\n");
  BOOST_TEST(log.offset == 114U);
  BOOST_TEST(log.read == 108U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
