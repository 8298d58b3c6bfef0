// The operator: turns changes of objects, lists of Azure and passing time into passes over objects.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/base/metrics.hpp"
#include "controller/manager/fleet_metrics.hpp"
#include "controller/manager/work_queue.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::manager {

/// How the whole stands, for --until-settled and the live table.
struct Standing {
  int ready = 0, stalled = 0, moving = 0;
  [[nodiscard]] bool settled() const { return moving == 0; }
};

class Operator {
 public:
  /// The parts must outlive the operator.
  explicit Operator(reconcilers::Parts const& parts);

  /// Visits every object once, at once: what kept an earlier process from going on may have been mended
  /// since.
  void start();
  /// Does one thing that is due: a pass over an object, or one list of a workspace. False if nothing is due.
  /// Never sleeps.
  bool step(std::stop_token const& stop);
  /// When step() will have something to do; nullopt: only after a change.
  [[nodiscard]] std::optional<SteadyTime> next_due();
  /// Steps on `workers` threads until the stop request, then lets the passes under way end; `hurry` cuts
  /// short what they wait for.
  void run(int workers, std::stop_token const& stop, std::stop_token const& hurry);
  /// The store has changes: from any thread.
  void wake() { queue_.wake(); }

  /// Brings the gauges up to date: to be called when the metrics are read.
  void refresh_metrics() const;
  [[nodiscard]] Standing standing() const;
  /// Nothing is due or under way, and all changes told of were taken in: until then standing() may speak of
  /// the past.
  [[nodiscard]] bool quiet();

 private:
  void take_changes();
  void enqueue_due_lists();
  /// That very list was enqueued; with pump_ held.
  [[nodiscard]] bool is_enqueued(ObjectKey const& workspace, std::shared_ptr<azure::AzureScope> const& scope,
                                 SteadyTime due) const;
  void visit(ObjectKey const& key, std::stop_token const& stop);
  /// Jobs are listed only where there is a TrainingRun that may have one.
  [[nodiscard]] bool has_runs(std::string const& ns) const;
  /// A workspace that this process has read once.
  [[nodiscard]] bool is_open(ObjectKey const& key) const;
  void list(ObjectKey const& key, std::stop_token const& stop);
  /// Somebody follows its log.
  void add_log(StoredObject const& object);
  void follow(ObjectKey const& key, std::stop_token const& stop);
  void list_scope(ObjectKey const& workspace, azure::AzureScope& scope, std::stop_token const& stop);
  void tell_bug(ObjectKey const& key, std::exception const& error);
  void wake_dependents(ObjectKey const& key);
  /// Those whose compute or job is among `changed` ("compute/NAME", "job/NAME"); all of the workspace's if
  /// `all`.
  void wake_users_of(ObjectKey const& workspace, azure::AzureView const& view,
                     std::vector<std::string> const& changed, bool all);
  void add_now(ObjectKey const& key);
  Counter& passes(std::string const& kind, char const* result) const;
  Counter& failed_passes(std::string const& kind) const;
  Histogram& pass_time(std::string const& kind) const;

  reconcilers::Parts const& parts_;
  WorkQueue queue_;
  FleetMetrics fleet_;
  std::map<std::string, std::unique_ptr<reconcilers::Reconciler>, std::less<>> reconcilers_;
  std::mutex pump_;  // one thread at a time turns changes into keys
  struct Enqueued {
    std::shared_ptr<azure::AzureScope const> scope;
    SteadyTime due;
  };
  std::map<ObjectKey, Enqueued> listed_;  // guarded by pump_: the list that was enqueued last, by workspace
};

}  // namespace trainyard::manager
