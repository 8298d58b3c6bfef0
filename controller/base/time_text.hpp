// Times and durations as text.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard {

std::string to_rfc3339(WallTime time);  // 2026-11-24T08:30:00.123Z; no fraction when it is zero
Result<WallTime> parse_rfc3339(std::string_view text);       // any number of fraction digits, Z or +hh:mm
std::string to_http_date(WallTime time);                     // Tue, 24 Nov 2026 08:30:00 GMT
Result<WallTime> parse_http_date(std::string_view text);     // the three forms of RFC 9110
std::string to_iso_duration(Duration duration);              // PT1M40S
Result<Duration> parse_iso_duration(std::string_view text);  // P7D, PT1H30M, PT1.5S; no years or months
/// As Kubernetes manifests write it: 90s, 1h30m, 250ms. Units h, m, s, ms.
Result<Duration> parse_duration(std::string_view text);
std::string to_duration_text(Duration duration);  // 1h30m, the form parse_duration reads
std::string age_text(Duration age);               // as kubectl: 45s, 3m20s, 5h10m, 2d4h
/// What a server may make us wait at most: its mistake, or a wrong clock here, must not stop us for years.
inline constexpr Duration kLongestRetryAfter = std::chrono::hours(1);
/// Retry-After: seconds (fractions allowed) or an HTTP date, told from `now`; from nothing to
/// kLongestRetryAfter.
Result<Duration> parse_retry_after(std::string_view text, WallTime now);

}  // namespace trainyard
