// One pass over one object, and what every kind's pass may use.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/random.hpp"
#include "reconcilers/azure/arm.hpp"
#include "reconcilers/azure/cloud.hpp"
#include "reconcilers/local_runner.hpp"
#include "reconcilers/reaction.hpp"
#include "reconcilers/run_log.hpp"
#include "reconcilers/scopes.hpp"
#include "reconcilers/source.hpp"

namespace trainyard::reconcilers {

inline constexpr std::string_view kFinalizer = "trainyard.dev/azure";
/// A person asks for a look now; status.lastHandledReconcileAt repeats the text once that look was taken.
inline constexpr std::string_view kReconcileRequestedAt = "trainyard.dev/reconcile-requested-at";
inline constexpr Duration kIntentAge = std::chrono::seconds(10);  // design, rule 2a

/// What the reconcilers share. All must outlive them.
struct Parts {
  ObjectStore& store;
  Scopes& scopes;
  LocalRunner& local;
  SourceReader& sources;
  azure::Clouds const& clouds;
  azure::AzureParts azure;  // transport, clock, random, log, scrubber, metrics, rate limits
  std::function<HttpTransport&(azure::Cloud const&)> transport_for;  // a cloud may have roots of its own
  std::string cluster;                                               // --cluster-name
  std::string holder;  // the identity of this state store (rule 10)
  WallTime started{};  // when the process started (rule 2a)
  Duration settle = std::chrono::minutes(5);
  azure::AzureScope::Options scope_options;
  RunLogs* logs = nullptr;  // null where nobody follows the log of a remote run

  [[nodiscard]] Clock const& clock() const { return azure.clock; }
};

struct Reconciler {
  virtual ~Reconciler() = default;
  [[nodiscard]] virtual std::string_view kind() const = 0;
  /// Observes, decides, acts. Never sleeps and never waits for an operation. `read` is the object as it is
  /// now.
  virtual Outcome reconcile(ObjectPtr read, Context const& context) = 0;
};

std::unique_ptr<Reconciler> make_workspace_reconciler(Parts const& parts);
std::unique_ptr<Reconciler> make_compute_target_reconciler(Parts const& parts);
std::unique_ptr<Reconciler> make_training_run_reconciler(Parts const& parts);

}  // namespace trainyard::reconcilers
