#include "controller/cli/operator_core.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kDrain = std::chrono::seconds(20);  // how long passes may take when the process should end

reconcilers::Parts reconciler_parts(CoreOptions const& options, Surroundings const& surroundings,
                                    CoreParts const& parts, Transports& transports,
                                    reconcilers::LocalRunner& runner, reconcilers::Scopes& scopes,
                                    azure::RateLimits& limits) {
  return {.store = parts.store,
          .scopes = scopes,
          .local = runner,
          .sources = parts.sources,
          .clouds = options.clouds,
          .azure = {.transport = transports.of({}),
                    .clock = surroundings.clock,
                    .random = surroundings.random,
                    .log = surroundings.log,
                    .scrubber = surroundings.scrubber,
                    .metrics = surroundings.metrics,
                    .limits = limits},
          .transport_for = [&transports](azure::Cloud const& cloud) -> HttpTransport& {
            return transports.of(cloud);
          },
          .cluster = options.cluster,
          .holder = parts.holder,
          .started = surroundings.clock.wall(),
          .logs = parts.logs};
}

}  // namespace

OperatorCore::OperatorCore(CoreOptions options, Surroundings surroundings, CoreParts parts)
    : options_(std::move(options)),
      surroundings_(surroundings),
      transports_(options_.transport, surroundings_.clock, activity_, options_.may_write),
      runner_(parts.local, activity_),
      limits_(surroundings_.clock),
      reconciler_parts_(
          reconciler_parts(options_, surroundings_, parts, transports_, runner_, scopes_, limits_)),
      operator_(reconciler_parts_) {}

OperatorCore::~OperatorCore() { stop(); }

void OperatorCore::start() {
  operator_.start();
  workers_ = std::jthread([this](std::stop_token const& stop) {
    operator_.run(options_.workers, stop, hurry_.get_token());
    drained_.notify();
  });
}

void OperatorCore::stop() {
  if (!workers_.joinable()) return;
  workers_.request_stop();
  drained_.wait_until(surroundings_.clock.steady() + kDrain, {});
  hurry_.request_stop();
  workers_.join();
}

bool OperatorCore::settled() { return operator_.quiet() && operator_.standing().settled(); }

}  // namespace trainyard::cli
