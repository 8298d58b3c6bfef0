#include "reconcilers/azure/rate_limits.hpp"

#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

using std::chrono::seconds;

struct Limits {
  FakeClock clock{at("2026-03-01T00:00:00Z")};
  RateLimits limits{clock};
  void hear_of_writes_left(int left) {
    limits.observe(
        "S", Verb::Write,
        HttpResponse{.headers = {{"x-ms-ratelimit-remaining-subscription-writes", std::to_string(left)}}});
  }
  int take_all(Verb verb, bool periodic) {
    int taken = 0;
    for (; limits.remaining("S", verb) >= 1 && !limits.take("S", verb, periodic); ++taken) continue;
    return taken;
  }
};

BOOST_FIXTURE_TEST_CASE(buckets_have_the_size_resource_manager_gives_them, Limits) {
  BOOST_TEST(take_all(Verb::Read, false) == 250);
  BOOST_TEST(take_all(Verb::Write, false) == 200);
  BOOST_TEST(take_all(Verb::Delete, false) == 200);
  clock.advance(seconds(2));
  BOOST_TEST(take_all(Verb::Read, false) == 50);
  BOOST_TEST(take_all(Verb::Write, false) == 20);
  clock.advance(std::chrono::hours(1));
  BOOST_TEST(take_all(Verb::Read, false) == 250);
}

BOOST_FIXTURE_TEST_CASE(periodic_looks_leave_a_tenth_for_edits, Limits) {
  BOOST_TEST(take_all(Verb::Read, true) == 225);
  BOOST_TEST(take_all(Verb::Read, false) == 25);
}

BOOST_FIXTURE_TEST_CASE(the_wait_that_is_told_is_enough, Limits) {
  take_all(Verb::Write, false);
  Duration const wait = *limits.take("S", Verb::Write, false);
  BOOST_TEST(wait.count() == 200);  // one token at 10 a second, and one for the doubt
  clock.advance(wait);
  BOOST_TEST(!limits.take("S", Verb::Write, false).has_value());
}

BOOST_FIXTURE_TEST_CASE(who_must_wait_gets_a_turn_of_its_own, Limits) {
  take_all(Verb::Write, false);
  BOOST_TEST(limits.take("S", Verb::Write, false)->count() == 200);
  BOOST_TEST(limits.take("S", Verb::Write, true)->count() == 2100);  // a look takes no turn
  BOOST_TEST(limits.take("S", Verb::Write, false)->count() == 300);
  clock.advance(std::chrono::milliseconds(100));
  for (int turn = 1; turn <= 2; ++turn) {
    clock.advance(std::chrono::milliseconds(100));
    BOOST_TEST(!limits.take("S", Verb::Write, false).has_value());
    hear_of_writes_left(0);  // it has 1.9 less 1, and rounds down
  }
  BOOST_TEST(limits.take("S", Verb::Write, false)->count() == 200);
}

BOOST_FIXTURE_TEST_CASE(what_was_not_sent_goes_back, Limits) {
  take_all(Verb::Write, false);
  limits.give_back("S", Verb::Write);
  BOOST_TEST(limits.remaining("S", Verb::Write) == 1.0);
  BOOST_TEST(!limits.take("S", Verb::Write, false).has_value());
}

BOOST_FIXTURE_TEST_CASE(turns_go_no_further_than_to_a_full_bucket, Limits) {
  take_all(Verb::Write, false);
  for (int asked = 0; asked < 1000; ++asked)
    BOOST_REQUIRE(*limits.take("S", Verb::Write, false) <= seconds(20));
}

BOOST_FIXTURE_TEST_CASE(subscriptions_have_buckets_of_their_own, Limits) {
  take_all(Verb::Read, false);
  BOOST_TEST(!limits.take("T", Verb::Read, false).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_header_corrects_the_bucket, Limits) {
  limits.observe(
      "S", Verb::Read,
      HttpResponse{.status = 200, .headers = {{"x-ms-ratelimit-remaining-subscription-reads", "3"}}});
  BOOST_TEST(take_all(Verb::Read, false) == 3);
  limits.observe(
      "S", Verb::Write,
      HttpResponse{.status = 200, .headers = {{"x-ms-ratelimit-remaining-subscription-writes", "rubbish"}}});
  BOOST_TEST(limits.remaining("S", Verb::Write) == 200.0);
}

// What a header tells may not know of the calls that are still under way.
BOOST_FIXTURE_TEST_CASE(a_header_leaves_our_count_where_it_may_be_true, Limits) {
  for (int i = 0; i < 5; ++i) BOOST_REQUIRE(!limits.take("S", Verb::Write, false).has_value());
  hear_of_writes_left(197);  // of the five it has counted three
  BOOST_TEST(limits.remaining("S", Verb::Write) == 195.0);
  limits.observe("S", Verb::Write, Error{.kind = ErrorKind::Transient, .reason = "TimedOut", .message = ""});
  BOOST_TEST(limits.remaining("S", Verb::Write) == 195.0);
  hear_of_writes_left(199);  // two are under way, so at least 197 will be left
  BOOST_TEST(limits.remaining("S", Verb::Write) == 197.0);
  hear_of_writes_left(100);  // somebody else writes too
  BOOST_TEST(limits.remaining("S", Verb::Write) == 100.0);
}

BOOST_FIXTURE_TEST_CASE(a_bucket_that_the_service_never_empties_does_not_empty_here, Limits) {
  for (int i = 0; i < 1000; ++i) {
    BOOST_REQUIRE(!limits.take("S", Verb::Write, false).has_value());
    hear_of_writes_left(200);
  }
}

BOOST_FIXTURE_TEST_CASE(a_bucket_holds_at_least_what_was_left_in_it, Limits) {
  hear_of_writes_left(500);
  BOOST_TEST(take_all(Verb::Write, false) == 500);
  clock.advance(std::chrono::hours(1));
  BOOST_TEST(take_all(Verb::Write, false) == 500);
}

BOOST_FIXTURE_TEST_CASE(a_header_above_a_thousand_shows_the_hourly_bucket, Limits) {
  limits.observe(
      "S", Verb::Read,
      HttpResponse{.status = 200, .headers = {{"x-ms-ratelimit-remaining-subscription-reads", "11999"}}});
  BOOST_TEST(limits.remaining("S", Verb::Read) == 11999.0);
  limits.observe(
      "S", Verb::Read,
      HttpResponse{.status = 200, .headers = {{"x-ms-ratelimit-remaining-subscription-reads", "0"}}});
  clock.advance(seconds(3));
  BOOST_TEST(take_all(Verb::Read, false) == 10);  // 12,000 an hour
}

BOOST_FIXTURE_TEST_CASE(a_429_closes_the_bucket_for_as_long_as_it_says, Limits) {
  limits.observe("S", Verb::Read,
                 HttpResponse{.status = 429, .headers = {{"Retry-After", "Sun, 01 Mar 2026 00:00:30 GMT"}}});
  BOOST_TEST(limits.take("S", Verb::Read, false)->count() == 30000);
  BOOST_TEST(limits.remaining("S", Verb::Read) == 0.0);
  BOOST_TEST(!limits.take("S", Verb::Write, false).has_value());
  clock.advance(seconds(30));
  BOOST_TEST(!limits.take("S", Verb::Read, false).has_value());
  limits.observe("S", Verb::Read, HttpResponse{.status = 429});
  BOOST_TEST(limits.take("S", Verb::Read, false)->count() == 10000);
}

}  // namespace
}  // namespace trainyard::azure
