// The product's pure functions of a ComputeTarget, asked about facts of the model.
#pragma once

#include <string>
#include <unordered_map>

#include "reconcilers/compute_target/put.hpp"
#include "tests/model/compute_target.hpp"

namespace trainyard::model {

/// What a pass knows when it decides.
struct ComputeQuestion {
  ComputeState::Spec spec;
  ComputeState::Status status;
  ComputeState::Seen seen;
  std::uint8_t asked = 0, in_time = 0, settled = 0, clock = 0, holder = 0, waited = 0;
};

struct ComputeChoice {
  enum class Kind : std::uint8_t { Wait, Get, Write, Finalize } kind = Kind::Wait;
  ComputeState::Request request = {};
  ComputeState::Status status = {};  // as it is known now
};

/// Translates, and remembers what was asked before. A rule that is turned off is turned off here, by what is
/// hidden from decide() or done instead of what it says.
class ComputeModel::Policy {
 public:
  explicit Policy(ComputeOptions const& options) : options_(options) {}
  ComputeChoice const& decide(ComputeQuestion const& question);
  /// The status after the answer to a PUT.
  ComputeState::Status answered(ComputeState::Status const& status, ComputeState::Seen const& answer,
                                std::uint8_t expected) const;
  /// May a list's item not replace what is cached, though its request is the newer one?
  [[nodiscard]] bool is_stale(ComputeState const& state, ComputeState::Operator const& op) const;
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  [[nodiscard]] ComputeChoice ask(ComputeQuestion const& question) const;
  [[nodiscard]] manifests::ComputeTargetStatus status_of(ComputeQuestion const& question) const;
  [[nodiscard]] WallTime date(std::uint8_t clock) const;
  [[nodiscard]] azure::Compute compute_of(ComputeState::Seen const& seen, std::uint8_t clock) const;

  ComputeOptions options_;
  std::unordered_map<std::string, ComputeChoice> known_;
};

}  // namespace trainyard::model
