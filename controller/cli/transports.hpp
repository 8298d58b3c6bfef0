// One transport for each set of trusted roots: a cloud may have roots of its own, which no other cloud
// trusts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/base/http_transport.hpp"
#include "controller/cli/activity.hpp"
#include "controller/kube/fenced_transport.hpp"
#include "reconcilers/azure/cloud.hpp"

namespace trainyard::cli {

/// The proxies that the environment names.
HttpTransportOptions transport_options_from_environment();

/// Safe from any thread. The clock and the activity must outlive it.
class Transports {
 public:
  /// Writes pass only while `may_write` says so; all if it is empty.
  Transports(HttpTransportOptions options, Clock const& clock, Activity& activity,
             std::function<bool()> may_write)
      : options_(std::move(options)), clock_(clock), activity_(activity), may_write_(std::move(may_write)) {}
  /// Made at the first call; lives as long as this.
  HttpTransport& of(azure::Cloud const& cloud);

 private:
  struct Entry {
    std::unique_ptr<StreamingTransport> http;
    std::unique_ptr<kube::FencedTransport> fence;  // null if all may pass
    std::unique_ptr<CountingTransport> counting;
  };
  HttpTransportOptions const options_;
  Clock const& clock_;
  Activity& activity_;
  std::function<bool()> const may_write_;
  std::mutex mutex_;
  std::map<std::string, Entry> by_roots_;  // guarded by mutex_
};

}  // namespace trainyard::cli
