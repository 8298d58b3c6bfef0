#include "controller/base/time_text.hpp"

#include <optional>
#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/base/why.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using namespace std::chrono;
using trainyard::test::why;

namespace {

constexpr WallTime kMorning = sys_days{2026y / November / 24} + hours(8) + minutes(30);

struct TimeCase {
  std::string text;
  std::optional<WallTime> time;  // none: refused
};
std::ostream& operator<<(std::ostream& out, TimeCase const& c) { return out << c.text; }

struct DurationCase {
  std::string text;
  std::optional<Duration> duration;
};
std::ostream& operator<<(std::ostream& out, DurationCase const& c) { return out << c.text; }

template <class T>
void check_read(Result<T> const& read, std::optional<T> const& expected) {
  if (!expected) {
    BOOST_REQUIRE(!read);
    BOOST_TEST(to_string(read.error().kind) == "Invalid");
    BOOST_TEST(read.error().reason == "InvalidTime");
    return;
  }
  BOOST_REQUIRE_MESSAGE(read, why(read));
  BOOST_TEST((*read == *expected));
}

TimeCase const kRfc3339[] = {
    {"2026-11-24T08:30:00Z", kMorning},
    {"2026-11-24t08:30:00z", kMorning},
    {"2026-11-24 08:30:00Z", kMorning},
    {"2026-11-24T08:30:00.1Z", kMorning + milliseconds(100)},
    {"2026-11-24T08:30:00.123456789012345Z", kMorning + milliseconds(123)},
    {"2026-11-24T10:00:00+01:30", kMorning},
    {"2026-11-24T00:30:00.5-08:00", kMorning + milliseconds(500)},
    {"2026-11-24T08:30:60Z", kMorning + minutes(1)},
    {"2024-02-29T00:00:00Z", sys_days{2024y / February / 29}},
    {"1969-12-31T23:59:59.999Z", WallTime(milliseconds(-1))},
    {"0000-01-01T00:00:00+00:01", {}},
    {"9999-12-31T23:59:60Z", {}},
    {"", {}},
    {"2026-11-24", {}},
    {"2026-11-24T08:30:00", {}},
    {"2026-11-24T08:30Z", {}},
    {"2026-11-24T08:30:00.Z", {}},
    {"2026-11-24T08:30:00Z ", {}},
    {" 2026-11-24T08:30:00Z", {}},
    {"2026-11-24T24:00:00Z", {}},
    {"2026-11-24T08:60:00Z", {}},
    {"2026-11-24T08:30:61Z", {}},
    {"2026-11-31T08:30:00Z", {}},
    {"2025-02-29T00:00:00Z", {}},
    {"2026-13-01T00:00:00Z", {}},
    {"2026-00-01T00:00:00Z", {}},
    {"26-11-24T08:30:00Z", {}},
    {"2026-1-24T08:30:00Z", {}},
    {"2026-11-24T08:30:00+0100", {}},
    {"2026-11-24T08:30:00+24:00", {}},
    {"2026-11-24T08:30:00+01:60", {}},
    {"+2026-11-24T08:30:00Z", {}},
};

TimeCase const kHttpDates[] = {
    {"Tue, 24 Nov 2026 08:30:00 GMT", kMorning},
    {"Tuesday, 24-Nov-26 08:30:00 GMT", kMorning},
    {"Tue Nov 24 08:30:00 2026", kMorning},
    {"Sun Nov  6 08:49:37 1994", sys_days{1994y / November / 6} + hours(8) + minutes(49) + seconds(37)},
    {"Sunday, 06-Nov-94 08:49:37 GMT", sys_days{1994y / November / 6} + hours(8) + minutes(49) + seconds(37)},
    {"", {}},
    {"Tue, 24 Nov 2026 08:30:00", {}},
    {"Tue, 24 Nov 2026 08:30:00 UTC", {}},
    {"Tue, 24 Nov 2026 08:30:00 GMT ", {}},
    {"Tue, 24 Foo 2026 08:30:00 GMT", {}},
    {"Tue, 31 Nov 2026 08:30:00 GMT", {}},
    {"Tue, 24 Nov 2026 25:30:00 GMT", {}},
    {"24 Nov 2026 08:30:00 GMT", {}},
    {"Tue, 24 Nov 0000 08:30:00 GMT", {}},
    {"yesterday", {}},
};

DurationCase const kIso[] = {
    {"PT0S", seconds(0)},
    {"PT1M40S", seconds(100)},
    {"P7D", days(7)},
    {"P2W", days(14)},
    {"PT1H30M", minutes(90)},
    {"PT1.5S", milliseconds(1500)},
    {"PT0.25H", minutes(15)},
    {"P1DT2H3M4.005S", days(1) + hours(2) + minutes(3) + seconds(4) + milliseconds(5)},
    {"PT36H", hours(36)},
    {"PT999999999S", seconds(999'999'999)},
    {"", {}},
    {"P", {}},
    {"PT", {}},
    {"P1DT", {}},
    {"P1Y", {}},
    {"P1M", {}},
    {"PT1D", {}},
    {"P1H", {}},
    {"PT1", {}},
    {"PT1M1H", {}},
    {"PT1S1S", {}},
    {"PT1H ", {}},
    {"-PT1H", {}},
    {"PT-1H", {}},
    {"PT.5S", {}},
    {"PT1.S", {}},
    {"pt1h", {}},
    {"PT9999999999S", {}},
};

DurationCase const kDurations[] = {
    {"90s", seconds(90)},
    {"1h30m", minutes(90)},
    {"250ms", milliseconds(250)},
    {"1m5ms", milliseconds(60'005)},
    {"0s", seconds(0)},
    {"36h", hours(36)},
    {"", {}},
    {"5", {}},
    {"0", {}},
    {"s", {}},
    {"1.5h", {}},
    {"-5s", {}},
    {"+5s", {}},
    {"5 s", {}},
    {"5S", {}},
    {"1d", {}},
    {"5us", {}},
    {"1h30", {}},
    {"1000000001s", {}},
    {"99999999999999999999h", {}},
    {"1000000000h1000000000h", {}},
};

struct TextCase {
  Duration duration;
  std::string text;
};
std::ostream& operator<<(std::ostream& out, TextCase const& c) { return out << c.text; }

TextCase const kDurationTexts[] = {
    {seconds(0), "0s"},
    {seconds(-5), "0s"},
    {seconds(90), "1m30s"},
    {minutes(90), "1h30m"},
    {hours(24), "24h"},
    {milliseconds(250), "250ms"},
    {milliseconds(61'250), "1m1s250ms"},
};

TextCase const kIsoTexts[] = {
    {seconds(0), "PT0S"},
    {seconds(-1), "PT0S"},
    {seconds(100), "PT1M40S"},
    {days(7), "P7D"},
    {minutes(90), "PT1H30M"},
    {milliseconds(1500), "PT1.5S"},
    {days(1) + milliseconds(20), "P1DT0.02S"},
};

// As kubectl prints them.
TextCase const kAges[] = {
    {seconds(-3), "0s"},
    {milliseconds(45'900), "45s"},
    {seconds(119), "119s"},
    {seconds(120), "2m"},
    {seconds(200), "3m20s"},
    {minutes(10), "10m"},
    {minutes(179), "179m"},
    {hours(3), "3h"},
    {hours(5) + minutes(10), "5h10m"},
    {hours(8) + minutes(10), "8h"},
    {hours(47), "47h"},
    {hours(48), "2d"},
    {hours(52), "2d4h"},
    {days(8) + hours(5), "8d"},
    {days(400), "400d"},
};

DurationCase const kRetryAfter[] = {
    {"0", seconds(0)},
    {"7", seconds(7)},
    {"1.5", milliseconds(1500)},
    {"0.0001", milliseconds(1)},
    {"-3", seconds(0)},
    {"Tue, 24 Nov 2026 08:30:09 GMT", seconds(9)},
    {"Tue, 24 Nov 2026 08:29:00 GMT", seconds(0)},
    {"", {}},
    {"soon", {}},
    {"7s", {}},
    {"inf", {}},
    {"nan", {}},
    {"3601", kLongestRetryAfter},
    {"1e99", kLongestRetryAfter},
    {"Tue, 24 Nov 2099 08:30:00 GMT", kLongestRetryAfter},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(time_text)

BOOST_DATA_TEST_CASE(rfc3339, data::make(kRfc3339), c) { check_read(parse_rfc3339(c.text), c.time); }
BOOST_DATA_TEST_CASE(http_dates, data::make(kHttpDates), c) { check_read(parse_http_date(c.text), c.time); }
BOOST_DATA_TEST_CASE(iso_durations, data::make(kIso), c) {
  check_read(parse_iso_duration(c.text), c.duration);
}
BOOST_DATA_TEST_CASE(durations, data::make(kDurations), c) { check_read(parse_duration(c.text), c.duration); }
BOOST_DATA_TEST_CASE(retry_after, data::make(kRetryAfter), c) {
  check_read(parse_retry_after(c.text, kMorning), c.duration);
}

BOOST_AUTO_TEST_CASE(many_parts_do_not_overflow) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "1000000000h";
  BOOST_TEST(!parse_duration(text));
}

BOOST_AUTO_TEST_CASE(times_as_text) {
  BOOST_TEST(to_rfc3339(kMorning) == "2026-11-24T08:30:00Z");
  BOOST_TEST(to_rfc3339(kMorning + milliseconds(7)) == "2026-11-24T08:30:00.007Z");
  BOOST_TEST(to_rfc3339(WallTime(milliseconds(-1))) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(to_http_date(kMorning + milliseconds(999)) == "Tue, 24 Nov 2026 08:30:00 GMT");
  for (int day = 0; day < 3000; day += 13) {
    WallTime const time = kMorning + days(day) + milliseconds(day);
    BOOST_TEST((parse_rfc3339(to_rfc3339(time)).value() == time));
    BOOST_TEST((parse_http_date(to_http_date(time)).value() == floor<seconds>(time)));
  }
}

BOOST_DATA_TEST_CASE(duration_texts, data::make(kDurationTexts), c) {
  BOOST_TEST(to_duration_text(c.duration) == c.text);
  BOOST_TEST((parse_duration(c.text).value() == std::max(c.duration, Duration(0))));
}

BOOST_DATA_TEST_CASE(iso_texts, data::make(kIsoTexts), c) {
  BOOST_TEST(to_iso_duration(c.duration) == c.text);
  BOOST_TEST((parse_iso_duration(c.text).value() == std::max(c.duration, Duration(0))));
}

BOOST_DATA_TEST_CASE(ages, data::make(kAges), c) { BOOST_TEST(age_text(c.duration) == c.text); }

BOOST_AUTO_TEST_CASE(errors_show_what_was_read_and_an_example) {
  BOOST_TEST(parse_duration("1 hour").error().message == "'1 hour' is no duration, like 90s, 10m or 1h30m");
}

BOOST_AUTO_TEST_SUITE_END()
