// What dashboards show of all objects together. The series do not grow with the objects.
#pragma once

#include "controller/base/metrics.hpp"
#include "controller/base/object_store.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::manager {

/// Safe from any thread. Every series exists from the start.
class FleetMetrics {
 public:
  explicit FleetMetrics(reconcilers::Parts const& parts);
  /// Counts all objects: to be called when the metrics are read.
  void refresh() const;
  /// A pass changed an object: of runs that ended, how and after how long.
  void tell(StoredObject const& before, StoredObject const& after) const;

 private:
  void count_targets() const;
  void count_runs() const;
  void tell_lists() const;

  reconcilers::Parts const& parts_;
};

}  // namespace trainyard::manager
