// TrainingRuns on this machine (block `local`).
#pragma once

#include "reconcilers/local_runner.hpp"
#include "reconcilers/training_run/driver.hpp"

namespace trainyard::reconcilers {

class LocalRunDriver final : public RunDriver {
 public:
  LocalRunDriver(LocalRunner& runner, std::string ns, Clock const& clock)
      : runner_(runner), ns_(std::move(ns)), clock_(clock) {}
  Result<std::optional<RunSeen>> get(std::string const& name, WallTime& began,
                                     Context const& context) override;
  [[nodiscard]] std::optional<RunSeen> cached(std::string const&) const override { return std::nullopt; }
  Result<PreparedRun> prepare(RunRequest const& request, Context const& context) override;
  Result<RunSeen> submit(RunRequest const& request, PreparedRun const& prepared,
                         Context const& context) override;
  Result<Done> write_reason(std::string const& name, std::string const& reason,
                            Context const& context) override;
  Result<Done> cancel(std::string const& name, Context const& context) override;
  Result<Done> add_details(RunSeen& seen, Context const& context) override;
  Result<azure::LogPart> log(std::string const&, azure::LogWanted const&, Context const&) override {
    return azure::LogPart{};
  }
  Result<std::optional<RunListing>> listing(std::string const& owner, Context const& context) override;
  [[nodiscard]] Duration pace() const override { return runner_.pace(); }
  void set_busy(std::string const&, bool) override {}

 private:
  LocalRunner& runner_;
  std::string ns_;
  Clock const& clock_;
};

}  // namespace trainyard::reconcilers
