#include "controller/base/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace trainyard {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

Error invalid(std::string_view text, std::string_view what) {
  return {.kind = ErrorKind::Invalid,
          .reason = "InvalidTime",
          .message = "'" + std::string(text.substr(0, 60)) + "' is no " + std::string(what)};
}

/// Reads from the front of a text; after the first failure every read fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}
  bool literal(std::string_view expected) {
    if (!good_ || !left_.starts_with(expected)) return good_ = false;
    left_.remove_prefix(expected.size());
    return true;
  }
  bool peek(char c) const { return good_ && left_.starts_with(c); }
  /// Exactly `width` digits; 0: one or more.
  int number(std::size_t width) {
    std::size_t count = 0;
    while (count < left_.size() && left_[count] >= '0' && left_[count] <= '9' &&
           (width == 0 || count < width))
      ++count;
    int value = 0;
    if (!good_ || count == 0 || count > 9 || (width != 0 && count != width)) {
      good_ = false;
      return 0;
    }
    std::from_chars(left_.data(), left_.data() + count, value);
    left_.remove_prefix(count);
    return value;
  }
  int month() {
    for (std::size_t i = 0; i < kMonths.size(); ++i)
      if (left_.starts_with(kMonths[i])) {
        left_.remove_prefix(3);
        return static_cast<int>(i) + 1;
      }
    good_ = false;
    return 0;
  }
  void skip_to(char c) {
    std::size_t const at = left_.find(c);
    if (at == std::string_view::npos)
      good_ = false;
    else
      left_.remove_prefix(at);
  }
  void skip_spaces() {
    while (left_.starts_with(' ')) left_.remove_prefix(1);
  }
  /// Milliseconds of a fraction of any length, after its point.
  int fraction() {
    int value = 0;
    int scale = 100;
    std::size_t count = 0;
    for (; count < left_.size() && left_[count] >= '0' && left_[count] <= '9'; ++count) {
      value += (left_[count] - '0') * scale;
      scale /= 10;
    }
    if (count == 0) good_ = false;
    left_.remove_prefix(count);
    return value;
  }
  [[nodiscard]] bool done() const { return good_ && left_.empty(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view left_;
  bool good_ = true;
};

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0;
};

std::optional<WallTime> time_of(Fields const& f) {
  std::chrono::year_month_day const date{std::chrono::year(f.year),
                                         std::chrono::month(static_cast<unsigned>(f.month)),
                                         std::chrono::day(static_cast<unsigned>(f.day))};
  bool const clock = f.hour < 24 && f.minute < 60 && f.second <= 60;
  if (!date.ok() || !clock) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + hours(f.hour) + minutes(f.minute) + seconds(f.second) +
         milliseconds(f.millis);
}

/// Whether the year can be written: an offset, or a leap second, may lead out of what has four digits.
bool has_four_digits(WallTime time) {
  int const year(std::chrono::year_month_day(std::chrono::floor<days>(time)).year());
  return year >= 0 && year <= 9999;
}

std::string decimal(Duration left) {
  std::string text = std::to_string(left.count() / 1000);
  int const millis = static_cast<int>(left.count() % 1000);
  if (millis != 0) {
    char fraction[8];
    std::snprintf(fraction, sizeof fraction, ".%03d", millis);
    text += fraction;
    while (text.back() == '0') text.pop_back();
  }
  return text;
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  auto const day = std::chrono::floor<days>(time);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss<Duration> const clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string out = text;
  if (int const millis = static_cast<int>(clock.subseconds().count()); millis != 0) {
    std::snprintf(text, sizeof text, ".%03d", millis);
    out += text;
  }
  return out + "Z";
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Scanner scan(text);
  Fields f;
  f.year = scan.number(4);
  scan.literal("-");
  f.month = scan.number(2);
  scan.literal("-");
  f.day = scan.number(2);
  if (!scan.peek(' '))
    scan.literal(scan.peek('t') ? "t" : "T");
  else
    scan.literal(" ");
  f.hour = scan.number(2);
  scan.literal(":");
  f.minute = scan.number(2);
  scan.literal(":");
  f.second = scan.number(2);
  if (scan.peek('.')) {
    scan.literal(".");
    f.millis = scan.fraction();
  }
  Duration offset{0};
  if (scan.peek('+') || scan.peek('-')) {
    int const sign = scan.peek('+') ? 1 : -1;
    scan.literal(sign > 0 ? "+" : "-");
    int const h = scan.number(2);
    scan.literal(":");
    int const m = scan.number(2);
    if (h > 23 || m > 59) scan.literal("a possible offset");
    offset = sign * (hours(h) + minutes(m));
  } else {
    scan.literal(scan.peek('z') ? "z" : "Z");
  }
  std::optional<WallTime> const time = time_of(f);
  if (!scan.done() || !time || !has_four_digits(*time - offset))
    return invalid(text, "time as in RFC 3339, like 2026-11-24T08:30:00Z");
  return *time - offset;
}

std::string to_http_date(WallTime time) {
  auto const day = std::chrono::floor<days>(time);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss<Duration> const clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday(day).c_encoding()].data(), static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

Result<WallTime> parse_http_date(std::string_view text) {
  Fields f;
  Scanner scan(text);
  if (text.find(',') != std::string_view::npos) {  // IMF-fixdate and RFC 850
    scan.skip_to(',');
    scan.literal(", ");
    f.day = scan.number(2);
    bool const old = scan.peek('-');
    scan.literal(old ? "-" : " ");
    f.month = scan.month();
    scan.literal(old ? "-" : " ");
    f.year = scan.number(old ? 2 : 4);
    if (old) f.year += f.year < 70 ? 2000 : 1900;
    scan.literal(" ");
  } else {  // asctime
    scan.skip_to(' ');
    scan.skip_spaces();
    f.month = scan.month();
    scan.skip_spaces();
    f.day = scan.number(0);
    scan.literal(" ");
  }
  f.hour = scan.number(2);
  scan.literal(":");
  f.minute = scan.number(2);
  scan.literal(":");
  f.second = scan.number(2);
  scan.literal(" ");
  if (f.year == 0)
    f.year = scan.number(4);
  else
    scan.literal("GMT");
  std::optional<WallTime> const time = time_of(f);
  if (!scan.done() || !time || !has_four_digits(*time))
    return invalid(text, "HTTP date, like Tue, 24 Nov 2026 08:30:00 GMT");
  return *time;
}

std::string to_iso_duration(Duration duration) {
  if (duration <= Duration{0}) return "PT0S";
  std::string text = "P";
  auto const whole_days = std::chrono::floor<days>(duration);
  if (whole_days.count() > 0) text += std::to_string(whole_days.count()) + "D";
  Duration left = duration - whole_days;
  if (left > Duration{0}) text += "T";
  auto const whole_hours = std::chrono::floor<hours>(left);
  if (whole_hours.count() > 0) text += std::to_string(whole_hours.count()) + "H";
  left -= whole_hours;
  auto const whole_minutes = std::chrono::floor<minutes>(left);
  if (whole_minutes.count() > 0) text += std::to_string(whole_minutes.count()) + "M";
  left -= whole_minutes;
  if (left > Duration{0}) text += decimal(left) + "S";
  return text;
}

Result<Duration> parse_iso_duration(std::string_view text) {
  struct Unit {
    std::string_view letter;
    bool time;  // stands behind the T
    Duration one;
  };
  static constexpr std::array kUnits{Unit{"W", false, days(7)}, Unit{"D", false, days(1)},
                                     Unit{"H", true, hours(1)}, Unit{"M", true, minutes(1)},
                                     Unit{"S", true, seconds(1)}};
  Scanner scan(text);
  scan.literal("P");
  Duration sum{0};
  bool time = false;
  bool any = false;      // part since the P or the T
  std::size_t next = 0;  // units come in order, each once
  while (scan.good() && !scan.done()) {
    if (!time && scan.peek('T')) {
      scan.literal("T");
      time = true;
      any = false;
      continue;
    }
    int const whole = scan.number(0);
    int const millis = scan.peek('.') && scan.literal(".") ? scan.fraction() : 0;
    while (next < kUnits.size() && !(kUnits[next].time == time && scan.peek(kUnits[next].letter[0]))) ++next;
    if (next == kUnits.size()) return invalid(text, "ISO 8601 duration, like PT1H30M");
    Unit const& unit = kUnits[next++];
    scan.literal(unit.letter);
    sum += whole * unit.one + Duration(millis * (unit.one.count() / 1000));
    any = true;
  }
  if (!any || !scan.done()) return invalid(text, "ISO 8601 duration, like PT1H30M");
  return sum;
}

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::int64_t kMostOfOne = 1'000'000'000;
  constexpr Duration kMost = hours(kMostOfOne);  // far from where the sum would overflow
  Error const refused = invalid(text, "duration, like 90s, 10m or 1h30m");
  if (text.empty()) return refused;
  Duration sum{0};
  for (std::string_view left = text; !left.empty();) {
    std::int64_t count = 0;
    auto const [end, error] = std::from_chars(left.data(), left.data() + left.size(), count);
    if (error != std::errc{} || count < 0 || count > kMostOfOne) return refused;
    left.remove_prefix(static_cast<std::size_t>(end - left.data()));
    bool const millis = left.starts_with("ms");
    switch (left.empty() || millis ? '\0' : left.front()) {
      case 'h':
        sum += hours(count);
        break;
      case 'm':
        sum += minutes(count);
        break;
      case 's':
        sum += seconds(count);
        break;
      default:
        if (!millis) return refused;
        sum += milliseconds(count);
    }
    left.remove_prefix(millis ? 2 : 1);
    if (sum > kMost) return refused;
  }
  return sum;
}

std::string to_duration_text(Duration duration) {
  if (duration <= Duration{0}) return "0s";
  std::string text;
  auto const part = [&](Duration unit, char const* name) {
    if (duration < unit) return;
    text += std::to_string(duration / unit) + name;
    duration %= unit;
  };
  part(hours(1), "h");
  part(minutes(1), "m");
  part(seconds(1), "s");
  part(milliseconds(1), "ms");
  return text;
}

std::string age_text(Duration age) {
  auto const s = std::max<std::int64_t>(0, std::chrono::floor<seconds>(age).count());
  auto const two = [](std::int64_t big, char const* big_name, std::int64_t small, char const* small_name) {
    return std::to_string(big) + big_name + (small > 0 ? std::to_string(small) + small_name : "");
  };
  if (s < 120) return std::to_string(s) + "s";
  if (s < 600) return two(s / 60, "m", s % 60, "s");
  if (s < 3 * 3600) return std::to_string(s / 60) + "m";
  if (s < 8 * 3600) return two(s / 3600, "h", s % 3600 / 60, "m");
  if (s < 48 * 3600) return std::to_string(s / 3600) + "h";
  if (s < 8 * 86400) return two(s / 86400, "d", s % 86400 / 3600, "h");
  return std::to_string(s / 86400) + "d";
}

Result<Duration> parse_retry_after(std::string_view text, WallTime now) {
  constexpr double kMost = static_cast<double>(kLongestRetryAfter.count());
  double count = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(count))
    return Duration(static_cast<Duration::rep>(std::clamp(std::ceil(count * 1000), 0.0, kMost)));
  Result<WallTime> const at = parse_http_date(text);
  if (!at) return invalid(text, "Retry-After: seconds, or an HTTP date");
  return std::clamp(*at - now, Duration{0}, kLongestRetryAfter);
}

}  // namespace trainyard
