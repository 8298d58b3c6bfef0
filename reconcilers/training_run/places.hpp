// Where the attempts of one TrainingRun are, or may be: this machine, and the workspaces of its namespace.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "manifests/training_run.hpp"
#include "reconcilers/reconciler.hpp"
#include "reconcilers/training_run/driver.hpp"

namespace trainyard::reconcilers {

/// Of one pass.
class RunPlaces {
 public:
  /// `before`: the status that the pass began with.
  RunPlaces(Parts const& parts, ObjectKey run, manifests::TrainingRunStatus const& before);

  [[nodiscard]] Result<std::unique_ptr<RunDriver>> driver(std::string const& place) const;
  /// How soon a live run there should be looked at again.
  [[nodiscard]] Duration pace(std::string const& place) const;

  /// One more place whose list must be complete, beside those where an attempt is recorded.
  void want(std::string const& place) { needed_.insert(place); }
  /// What all of them list of `owner`.
  [[nodiscard]] RunListing listing(std::string const& owner, Context const& context) const;

  /// Rule 24, of a deletion: looks for places that cannot be asked any more. One where nothing was ever sent
  /// is given up at once, the others when there is no `patience` left (forget_in).
  void find_lost(Duration patience);
  [[nodiscard]] bool any_lost() const { return !lost_.empty(); }
  [[nodiscard]] bool given_up(std::string const& place) const;
  /// Tells what may be left behind in the lost places, if anything was sent there.
  void tell_forgotten() const;

  /// Each informer hears whether something of this run is under way in its workspace.
  void set_busy(manifests::TrainingRunStatus const& status) const;

 private:
  struct Lost {
    std::string why;
    bool given_up = false;
  };
  [[nodiscard]] bool anything_sent() const;

  Parts const& parts_;
  ObjectKey const run_;
  manifests::TrainingRunStatus const& before_;
  std::set<std::string> needed_;
  std::map<std::string, Lost> lost_;  // by place
};

}  // namespace trainyard::reconcilers
