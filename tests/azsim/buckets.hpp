// ARM's token buckets: one each for reads, writes and deletes of the application.
// Source: ARM's documentation of request limits; sizes are per subscription, principal and region.
#pragma once

#include <optional>
#include <string_view>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"

namespace trainyard::azsim {

class Buckets {
 public:
  /// Takes one token for a request of this method. Nothing: there is one, and `headers` gets what is left.
  /// Otherwise how many seconds to wait.
  std::optional<int> take(std::string_view method, WallTime now, HttpHeaders& headers);

 private:
  struct Bucket {
    std::string_view header;
    double size, per_second;
    double left;
    std::optional<WallTime> seen = std::nullopt;
  };
  Bucket reads_{"x-ms-ratelimit-remaining-subscription-reads", 250, 25, 250};
  Bucket writes_{"x-ms-ratelimit-remaining-subscription-writes", 200, 10, 200};
  Bucket deletes_{"x-ms-ratelimit-remaining-subscription-deletes", 200, 10, 200};
};

/// 429 with Retry-After.
HttpResponse throttled(int seconds);

}  // namespace trainyard::azsim
