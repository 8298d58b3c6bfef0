// Times and durations: of headers (Date, Retry-After), answers and manifests.
#include "controller/base/time_text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

void times(std::string_view input) {
  if (Result<WallTime> const time = parse_rfc3339(input)) {
    std::string const text = to_rfc3339(*time);
    Result<WallTime> const again = parse_rfc3339(text);
    require(again && *again == *time, "a time of RFC 3339 is read as it was written", text);
  }
  if (Result<WallTime> const time = parse_http_date(input)) {
    std::string const text = to_http_date(*time);
    Result<WallTime> const again = parse_http_date(text);
    require(again && *again == *time, "an HTTP date is read as it was written", text);
  }
  if (Result<Duration> const duration = parse_iso_duration(input)) {
    std::string const text = to_iso_duration(*duration);
    Result<Duration> const again = parse_iso_duration(text);
    require(again && *again == *duration, "an ISO 8601 duration is read as it was written", text);
  }
  if (Result<Duration> const duration = parse_duration(input)) {
    std::string const text = to_duration_text(*duration);
    Result<Duration> const again = parse_duration(text);
    require(again && *again == *duration, "a duration is read as it was written", text);
    require(!age_text(*duration).empty(), "an age has a text");
  }
  for (auto const year : {1970, 2026}) {
    WallTime const now = std::chrono::sys_days(std::chrono::year(year) / 11 / 24);
    if (Result<Duration> const wait = parse_retry_after(input, now))
      require(*wait >= Duration{0} && *wait <= kLongestRetryAfter, "a wait is neither negative nor for ever",
              std::to_string(wait->count()));
  }
}

}  // namespace trainyard::fuzz
