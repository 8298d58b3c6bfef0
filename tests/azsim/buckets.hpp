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
  /// `limited`: they empty; else they stay full, and their headers say so.
  explicit Buckets(bool limited) : limited_(limited) {}
  /// Takes one token for a request of this method; `headers` gets what is left. Nothing: there was one.
  /// Otherwise how many seconds to wait.
  std::optional<int> take(std::string_view method, WallTime now, HttpHeaders& headers);

 private:
  struct Bucket {
    double size, per_second;
    double left;
    std::optional<WallTime> seen = std::nullopt;
  };
  bool const limited_;
  Bucket reads_{250, 25, 250};
  Bucket writes_{200, 10, 200};
  Bucket deletes_{200, 10, 200};
};

/// The header that tells how many requests of this method are left.
std::string_view remaining_header(std::string_view method);

/// 429 with Retry-After.
HttpResponse throttled(int seconds);

}  // namespace trainyard::azsim
