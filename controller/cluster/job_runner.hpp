// Runs as Kubernetes Jobs in the namespace of their TrainingRun (design, rule 27).
#pragma once

#include <map>
#include <mutex>

#include "controller/base/log.hpp"
#include "controller/cluster/job_manifest.hpp"
#include "controller/kube/api_client.hpp"

namespace trainyard::cluster {

/// The Job is the record of its run (design, rule 18): its name claims the run's, its annotations say what it
/// is and how it ended, and nobody here deletes it.
class JobRunner final : public reconcilers::LocalRunner {
 public:
  /// The parts must outlive it.
  JobRunner(JobOptions options, kube::ApiClient& api, reconcilers::SourceReader& sources,
            Scrubber const& scrubber)
      : options_(std::move(options)), api_(api), sources_(sources), scrubber_(scrubber) {}

  Result<std::optional<reconcilers::LocalRun>> find(std::string const& ns, std::string const& name,
                                                    Context const& context) override;
  Result<Done> start(reconcilers::LocalStart const& what, Context const& context) override;
  Result<Done> cancel(std::string const& ns, std::string const& name, std::string const& reason,
                      Context const& context) override;
  Result<std::vector<std::string>> list(std::string const& ns, std::string const& owner,
                                        Context const& context) override;
  [[nodiscard]] Duration pace() const override { return std::chrono::seconds(5); }

 private:
  [[nodiscard]] std::optional<reconcilers::LocalRun> known(std::string const& uid);
  /// Everything of a Job whose end is not known yet.
  Result<reconcilers::LocalRun> look(Json const& job, Context const& context);
  Result<Done> record_exit_code(Json const& job, int code, Context const& context);
  [[nodiscard]] std::vector<std::string> log_tail(std::string const& ns, std::string const& pod,
                                                  Context const& context);

  JobOptions const options_;
  kube::ApiClient& api_;
  reconcilers::SourceReader& sources_;
  Scrubber const& scrubber_;
  std::mutex mutex_;
  std::map<std::string, reconcilers::LocalRun> ended_;  // guarded by mutex_: by the Job's uid; ends stay
};

}  // namespace trainyard::cluster
