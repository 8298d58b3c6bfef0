// What a TrainingRun asks of the service it runs on. One driver per kind of place
// (reconcilers/drivers/*_run.cpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/result.hpp"
#include "manifests/training_run.hpp"
#include "reconcilers/azure/run_history.hpp"
#include "reconcilers/source.hpp"
#include "reconcilers/training_run/decide.hpp"

namespace trainyard::reconcilers {

/// All that a submission says.
struct RunRequest {
  std::string name, display_name, experiment;
  ObjectKey run;    // the TrainingRun
  std::string uid;  // its StoredObject::uid
  std::string owner, holder, revision;
  std::int64_t attempt = 0;
  std::string compute_name;  // in Azure; "" for local
  SourceRef source;
  std::string source_digest;
  manifests::TrainingRunSpec spec;
};

/// What prepare() brought, for submit().
struct PreparedRun {
  std::string code_id, environment_id;  // ARM ids; "" where the service has none
};

struct RunDriver {
  virtual ~RunDriver() = default;
  /// nullopt: the 404 of the name itself. `began`: when the request began.
  virtual Result<std::optional<RunSeen>> get(std::string const& name, WallTime& began,
                                             Context const& context) = 0;
  /// As the informer's last list has it, without a call; nullopt where there is no such cache, or nothing in
  /// it.
  [[nodiscard]] virtual std::optional<RunSeen> cached(std::string const& name) const = 0;
  /// Brings what the submission needs (snapshot, environment). Idempotent; nothing runs yet.
  virtual Result<PreparedRun> prepare(RunRequest const& request, Context const& context) = 0;
  /// Idempotent by name.
  virtual Result<RunSeen> submit(RunRequest const& request, PreparedRun const& prepared,
                                 Context const& context) = 0;
  virtual Result<Done> write_reason(std::string const& name, std::string const& reason,
                                    Context const& context) = 0;
  virtual Result<Done> cancel(std::string const& name, Context const& context) = 0;
  /// Metrics so far and, unless it is known, the start; of an ended attempt its times, failure and the end of
  /// its log. What could be read is there even when something else could not.
  virtual Result<Done> add_details(RunSeen& seen, Context const& context) = 0;
  /// Its log so far, scrubbed; nothing where users read it themselves.
  virtual Result<azure::LogPart> log(std::string const& name, azure::LogWanted const& wanted,
                                     Context const& context) = 0;
  /// Attempts of this owner by the last complete list; nothing while there is none.
  virtual Result<std::optional<RunListing>> listing(std::string const& owner, Context const& context) = 0;
  /// How soon a live run should be looked at again without being woken.
  [[nodiscard]] virtual Duration pace() const = 0;
  /// Tells the informer whether something is under way there.
  virtual void set_busy(std::string const& who, bool busy) = 0;
};

}  // namespace trainyard::reconcilers
