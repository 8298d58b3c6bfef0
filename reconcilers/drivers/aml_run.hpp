// TrainingRuns as command jobs of an Azure ML workspace (block `amlCompute`).
#pragma once

#include <memory>
#include <string>

#include "reconcilers/azure/scope.hpp"
#include "reconcilers/training_run/driver.hpp"

namespace trainyard::reconcilers {

class AmlRunDriver final : public RunDriver {
 public:
  struct Parts {
    SourceReader& sources;
    Clock const& clock;
    WallTime started;  // of the process
    Duration settle;
    std::string place;  // "Workspace/NAMESPACE/NAME"
  };
  AmlRunDriver(std::shared_ptr<azure::AzureScope> scope, std::string job_tag, Parts parts);
  Result<std::optional<RunSeen>> get(std::string const& name, WallTime& began,
                                     Context const& context) override;
  [[nodiscard]] std::optional<RunSeen> cached(std::string const& name) const override;
  Result<PreparedRun> prepare(RunRequest const& request, Context const& context) override;
  Result<RunSeen> submit(RunRequest const& request, PreparedRun const& prepared,
                         Context const& context) override;
  Result<Done> write_reason(std::string const& name, std::string const& reason,
                            Context const& context) override;
  Result<Done> cancel(std::string const& name, Context const& context) override;
  Result<Done> add_details(RunSeen& seen, Context const& context) override;
  Result<azure::LogPart> log(std::string const& name, azure::LogWanted const& wanted,
                             Context const& context) override;
  Result<std::optional<RunListing>> listing(std::string const& owner, Context const& context) override;
  [[nodiscard]] Duration pace() const override { return std::chrono::seconds(15); }
  void set_busy(std::string const& who, bool busy) override { scope_->set_busy(who, busy); }

 private:
  Result<Done> add_times(RunSeen& seen, Context const& context);
  void add_failure(RunSeen& seen, azure::RunDetails const& details, Context const& context);

  std::shared_ptr<azure::AzureScope> scope_;
  std::string job_tag_;
  Parts parts_;
};

/// Whose run a job is, as written on it; "" if it is none of ours.
std::string owner_of(azure::Job const& job);
/// The body of the job's PUT. A function of values, so that a test can hold it to the recorded shape.
Json job_body(RunRequest const& request, std::string const& job_tag, std::string const& compute_id,
              std::string const& code_id, std::string const& environment_id);
/// One shell line: every word quoted, so that no argument is more than one word.
std::string command_line(manifests::TrainingRunSpec const& spec);

}  // namespace trainyard::reconcilers
