// `local` in a cluster that does not serve it.
#pragma once

#include "reconcilers/local_runner.hpp"

namespace trainyard::cluster {

/// Refuses to start anything; what was never started is found nowhere.
class NoRunner final : public reconcilers::LocalRunner {
 public:
  Result<std::optional<reconcilers::LocalRun>> find(std::string const&, std::string const&,
                                                    Context const&) override {
    return std::optional<reconcilers::LocalRun>();
  }
  Result<Done> start(reconcilers::LocalStart const&, Context const&) override {
    return Error{
        .kind = ErrorKind::Invalid,
        .reason = "LocalNotServed",
        .message =
            "a local target trains on the machine of `trainyard run --directory`; in a cluster name a "
            "target in Azure"};
  }
  Result<Done> cancel(std::string const&, std::string const&, std::string const&, Context const&) override {
    return Done{};
  }
  Result<std::vector<std::string>> list(std::string const&, std::string const&, Context const&) override {
    return std::vector<std::string>();
  }
};

}  // namespace trainyard::cluster
