// The API server that these tests share, and the hands of a user who may do anything there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/random.hpp"
#include "controller/kube/api_client.hpp"

namespace trainyard::tests {

/// One for the whole program. $TRAINYARD_API_SERVER names the folder that control_plane.py has written.
class ApiServer {
 public:
  static ApiServer& get();

  [[nodiscard]] kube::ClusterAccess const& access() const { return access_; }
  StreamingTransport& transport() { return *transport_; }
  /// Any status is a value. Server-side apply is a PATCH.
  HttpResponse call(char const* method, std::string const& path, Json const& body = {});
  /// The same, required to succeed.
  Json must(char const* method, std::string const& path, Json const& body = {});

  /// Made unless it is there.
  void need_namespace(std::string const& name);

  SystemClock clock;
  SystemRandom random;
  Scrubber scrubber;
  Metrics metrics;

 private:
  ApiServer();

  kube::ClusterAccess access_;
  std::unique_ptr<StreamingTransport> transport_;
};

/// Fails the test if it does not hold within a minute.
void wait_until(std::function<bool()> const& holds, char const* what);

}  // namespace trainyard::tests
