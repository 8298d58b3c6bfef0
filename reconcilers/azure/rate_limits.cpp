#include "reconcilers/azure/rate_limits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "controller/base/time_text.hpp"

namespace trainyard::azure {

namespace {

constexpr double kPeriodicShare = 0.1;                           // of a bucket, kept for a user's edits
constexpr double kHourlyAbove = 1000;                            // only the hourly buckets of 2022 hold more
constexpr Duration kClosedByDefault = std::chrono::seconds(10);  // a 429 without Retry-After
constexpr double kSecondsAnHour = 3600;

struct Size {
  double capacity, per_second;
};

// Source: Resource Manager's request limits. Token buckets since 2024; the hourly ones are what recordings of
// 2022 show.
Size size_of(Verb verb, bool hourly) {
  switch (verb) {
    case Verb::Read:
      return hourly ? Size{12000, 12000 / kSecondsAnHour} : Size{250, 25};
    case Verb::Write:
      return hourly ? Size{1200, 1200 / kSecondsAnHour} : Size{200, 10};
    case Verb::Delete:
      return hourly ? Size{15000, 15000 / kSecondsAnHour} : Size{200, 10};
  }
  return {};
}

Duration milliseconds_for(double tokens, double per_second) {
  return Duration(static_cast<Duration::rep>(std::ceil(tokens / per_second * 1000)));
}

std::string_view header_of(Verb verb) {
  switch (verb) {
    case Verb::Read:
      return "x-ms-ratelimit-remaining-subscription-reads";
    case Verb::Write:
      return "x-ms-ratelimit-remaining-subscription-writes";
    case Verb::Delete:
      return "x-ms-ratelimit-remaining-subscription-deletes";
  }
  return {};
}

std::optional<double> number_of(std::optional<std::string> const& header) {
  std::int64_t number = 0;
  if (!header || std::from_chars(header->data(), header->data() + header->size(), number).ec != std::errc{})
    return std::nullopt;
  return number < 0 ? 0 : static_cast<double>(number);
}

}  // namespace

Verb verb_of(std::string_view method) {
  if (method == "GET" || method == "HEAD") return Verb::Read;
  return method == "DELETE" ? Verb::Delete : Verb::Write;
}

std::optional<Duration> RateLimits::take(std::string const& subscription, Verb verb, bool periodic) {
  std::lock_guard lock(mutex_);
  Bucket& own = bucket(subscription, verb);
  std::optional<Duration> const wait = wait_at(own, periodic);
  if (wait) return wait;
  own.tokens -= 1;
  ++own.under_way;
  return std::nullopt;
}

void RateLimits::give_back(std::string const& subscription, Verb verb) {
  std::lock_guard lock(mutex_);
  Bucket& own = bucket(subscription, verb);
  own.tokens = std::min(own.capacity, own.tokens + 1);
  --own.under_way;
}

std::optional<Duration> RateLimits::wait_at(Bucket& bucket, bool periodic) {
  SteadyTime const now = bucket.refilled;
  if (bucket.closed_until > now) return bucket.closed_until - now;
  double const least = 1 + (periodic ? bucket.capacity * kPeriodicShare : 0);
  if (bucket.tokens >= least) return std::nullopt;
  if (periodic) return milliseconds_for(least - bucket.tokens, bucket.per_second);
  // One token later than reckoned: headers round down, and who comes too early has lost its turn.
  SteadyTime turn = now + milliseconds_for(least + 1 - bucket.tokens, bucket.per_second);
  turn = std::max(turn, bucket.last_turn + milliseconds_for(1, bucket.per_second));
  // Who was woken earlier left a turn unused: by then the bucket is full, and turns begin anew.
  if (turn > now + milliseconds_for(bucket.capacity, bucket.per_second))
    turn = now + milliseconds_for(1, bucket.per_second);
  bucket.last_turn = turn;
  return turn - now;
}

void RateLimits::observe(std::string const& subscription, Verb verb, Result<HttpResponse> const& answer) {
  std::lock_guard lock(mutex_);
  Bucket& own = bucket(subscription, verb);
  own.under_way = std::max(0, own.under_way - 1);
  if (!answer) return;
  if (std::optional<double> const left = number_of(answer->header(header_of(verb)))) {
    if (*left > kHourlyAbove) own.per_second = size_of(verb, true).per_second;
    own.capacity = std::max(own.capacity, *left > kHourlyAbove ? size_of(verb, true).capacity : *left);
    // What is under way the service may have counted already, or not yet; in between our own count is better.
    own.tokens = std::clamp(own.tokens, *left - own.under_way, *left);
  }
  if (answer->status != 429) return;
  Duration wait = kClosedByDefault;
  if (std::optional<std::string> const header = answer->header("Retry-After"))
    if (Result<Duration> const asked = parse_retry_after(*header, clock_.wall())) wait = *asked;
  own.closed_until = std::max(own.closed_until, own.refilled + wait);
}

double RateLimits::remaining(std::string const& subscription, Verb verb) const {
  std::lock_guard lock(mutex_);
  Bucket const& own = bucket(subscription, verb);
  return own.closed_until > own.refilled ? 0 : own.tokens;
}

RateLimits::Bucket& RateLimits::bucket(std::string const& subscription, Verb verb) const {
  SteadyTime const now = clock_.steady();
  Bucket& own = buckets_[{subscription, verb}];
  if (!own.sized) {
    Size const size = size_of(verb, false);
    own = {.tokens = size.capacity,
           .capacity = size.capacity,
           .per_second = size.per_second,
           .refilled = now,
           .closed_until = {},
           .sized = true};
  }
  double const seconds = std::chrono::duration<double>(now - own.refilled).count();
  own.tokens = std::min(own.capacity, own.tokens + seconds * own.per_second);
  own.refilled = now;
  return own;
}

}  // namespace trainyard::azure
