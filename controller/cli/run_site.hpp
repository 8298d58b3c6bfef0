// Where the run is whose log is printed: a folder, or a cluster.
#pragma once

#include <memory>
#include <string>

#include "controller/base/object_store.hpp"
#include "controller/cli/options.hpp"

namespace trainyard::cli {

/// The log of the attempt that a status spoke of.
struct RunLog {
  enum class Attempt { Live, Ended, Replaced };  // Replaced: the status speaks of another one by now
  virtual ~RunLog() = default;
  /// Prints what was not printed yet, to stdout; what is to be said about it goes to stderr.
  virtual Result<Done> print_more(Attempt attempt) = 0;
  [[nodiscard]] virtual bool can_follow() const { return true; }
};

struct RunSite {
  virtual ~RunSite() = default;
  [[nodiscard]] virtual std::string ns() const = 0;  // unless another is named
  /// NotFound in words if it is not there.
  virtual Result<ObjectPtr> find(ObjectKey const& key) = 0;
  virtual Result<std::unique_ptr<RunLog>> log_of(StoredObject const& run, bool follow) = 0;
  /// Returns once there may be something new.
  virtual void wait() = 0;
};

Result<std::unique_ptr<RunSite>> open_folder_site(Parsed const& parsed);
Result<std::unique_ptr<RunSite>> open_cluster_site(Parsed const& parsed);
/// For the kubectl plugin, and where --kubeconfig or --context is given.
bool is_of_cluster(Parsed const& parsed);
Result<std::unique_ptr<RunSite>> open_site(Parsed const& parsed);

/// The run that the first word names; in the namespace `ns` unless another is named.
Result<ObjectKey> run_key_of(Parsed const& parsed, std::string const& ns);

Error no_log(ObjectKey const& key, std::string const& why);
/// The last lines as the status holds them; NotFound if there are none. `why`: no more is to be had.
Result<Done> print_status_tail(StoredObject const& run, std::string const& why);

}  // namespace trainyard::cli
