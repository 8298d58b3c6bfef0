#include "tests/azsim/buckets.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

std::optional<int> Buckets::take(std::string_view method, WallTime now, HttpHeaders& headers) {
  Bucket& bucket = method == "GET" || method == "HEAD" ? reads_ : method == "DELETE" ? deletes_ : writes_;
  if (bucket.seen) {
    double const passed = std::chrono::duration<double>(now - *bucket.seen).count();
    bucket.left = std::clamp(bucket.left + passed * bucket.per_second, 0.0, bucket.size);
  }
  bucket.seen = now;
  bool const empty = bucket.left < 1;
  if (limited_ && !empty) bucket.left -= 1;
  headers.emplace_back(remaining_header(method), std::to_string(static_cast<int>(bucket.left)));
  if (!empty) return std::nullopt;
  return std::max(1, static_cast<int>(std::ceil((1 - bucket.left) / bucket.per_second)));
}

std::string_view remaining_header(std::string_view method) {
  if (method == "GET" || method == "HEAD") return "x-ms-ratelimit-remaining-subscription-reads";
  return method == "DELETE" ? "x-ms-ratelimit-remaining-subscription-deletes"
                            : "x-ms-ratelimit-remaining-subscription-writes";
}

HttpResponse throttled(int seconds) {
  std::string const wait = std::to_string(seconds);
  HttpResponse reply =
      gateway_error(429, "SubscriptionRequestsThrottled",
                    "Number of requests for subscription exceeded the limit. Please try again after '" +
                        wait + "' seconds.");
  reply.headers.emplace_back("Retry-After", wait);
  return reply;
}

}  // namespace trainyard::azsim
