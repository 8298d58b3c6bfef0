// Azure Resource Manager's token buckets, modelled on the client (design, section 4).
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"
#include "controller/base/result.hpp"

namespace trainyard::azure {

enum class Verb { Read, Write, Delete };
Verb verb_of(std::string_view method);  // GET and HEAD read, DELETE deletes, all else writes

/// The buckets of each subscription. Reads 250 + 25/s, writes and deletes 200 + 10/s, until a header says
/// that more is left than we reckon; one above 1,000 shows the hourly buckets of 2022 (12,000 reads and 1,200
/// writes an hour). Periodic looks leave a tenth for a user's edits. Safe from any thread.
class RateLimits {
 public:
  explicit RateLimits(Clock const& clock) : clock_(clock) {}
  /// Nothing: go ahead, one token is taken, and observe() or give_back() ends it. Else: how long to wait.
  /// Edits that must wait are given turns, one for each token to come: else all would come back for the next
  /// one.
  std::optional<Duration> take(std::string const& subscription, Verb verb, bool periodic);
  /// What came of a call. Corrects the bucket by x-ms-ratelimit-remaining-subscription-*, and closes it for
  /// Retry-After at a 429.
  void observe(std::string const& subscription, Verb verb, Result<HttpResponse> const& answer);
  /// The call that a token was taken for was not made.
  void give_back(std::string const& subscription, Verb verb);
  [[nodiscard]] double remaining(std::string const& subscription, Verb verb) const;

 private:
  struct Bucket {
    double tokens = 0, capacity = 0, per_second = 0;
    SteadyTime refilled{}, closed_until{};
    SteadyTime last_turn{};  // of those given
    int under_way = 0;       // calls with a token and no answer yet: what a header tells may not know of them
    bool sized = false;
  };
  static std::optional<Duration> wait_at(Bucket& bucket, bool periodic);
  Bucket& bucket(std::string const& subscription, Verb verb) const;  // with mutex_ held; refilled to now

  Clock const& clock_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, Verb>, Bucket> buckets_;  // guarded by mutex_
};

}  // namespace trainyard::azure
