// An executor that does what a test says.
#pragma once

#include <map>
#include <string>

#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct ScriptedExecutor final : JobExecutor {
  void start(JobStart const& job) override {
    started[job.name] = job;
    running[job.name] = {};
  }
  JobProgress progress(std::string const& name) override { return running[name]; }
  void cancel(std::string const& name) override { running[name].exit_code = 143; }

  [[nodiscard]] std::string variable(std::string const& job, std::string const& name) const {
    for (auto const& [key, value] : started.at(job).environment)
      if (key == name) return value;
    return "";
  }

  std::map<std::string, JobStart> started;
  std::map<std::string, JobProgress> running;
};

}  // namespace trainyard::azsim
