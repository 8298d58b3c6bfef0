// The product's decide() of a TrainingRun, asked about facts of the model.
#pragma once

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "reconcilers/training_run/decide.hpp"
#include "tests/model/training_run.hpp"

namespace trainyard::model {

/// What a pass knows when it decides.
struct RunQuestion {
  RunState::Spec spec;
  std::uint8_t holder = 0, has_list = 0, list_settled = 0;
  std::array<RunState::Listed, kNames> list{};
  std::array<RunState::Answer, kNames> gets{};
  RunState::Status status = {};
};

struct RunChoice {
  enum class Kind : std::uint8_t { Wait, Get, Record, Create, WriteReason, Cancel, Finalize } kind;
  std::uint8_t name = 0;
  RunState::Reason reason = RunState::Reason::None;
  RunState::Status status = {};  // as it is known now
};

std::string short_name(int name);  // A0

/// Translates, and remembers what was asked before. A rule that is turned off is turned off here, by what is
/// hidden from decide() or done instead of what it says.
class RunModel::Policy {
 public:
  explicit Policy(RunOptions const& options);
  RunChoice const& decide(RunQuestion const& question);
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  [[nodiscard]] RunChoice ask(RunQuestion const& question) const;
  [[nodiscard]] reconcilers::RunFacts facts_of(RunQuestion const& question) const;
  [[nodiscard]] reconcilers::RunListing listing_of(RunQuestion const& question) const;
  [[nodiscard]] reconcilers::RunSeen seen_of(int name, RunState::Answer const& answer) const;
  [[nodiscard]] manifests::TrainingRunStatus status_of(RunQuestion const& question) const;
  [[nodiscard]] RunState::Status packed(manifests::TrainingRunStatus const& status) const;
  [[nodiscard]] RunChoice choice_of(reconcilers::RunDecision const& decision,
                                    RunQuestion const& question) const;
  [[nodiscard]] std::uint8_t number_of(std::string const& name) const { return numbers_.at(name); }

  RunOptions options_;
  std::vector<std::string> names_;  // by number; then, for each revision, the one beyond the model's bound
  std::map<std::string, std::uint8_t> numbers_;
  std::unordered_map<std::string, RunChoice> known_;
};

}  // namespace trainyard::model
