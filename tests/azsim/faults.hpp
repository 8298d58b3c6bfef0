// The faults that tests ask for: which call meets which, and what its answer suffers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "controller/base/random.hpp"
#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

class Faults {
 public:
  void add(FaultRule rule) { rules_.push_back(std::move(rule)); }
  void clear() { rules_.clear(); }
  void set_seed(std::uint64_t seed) { random_ = SeededRandom(seed); }
  /// The rule that this call meets, which it uses up by one.
  std::optional<FaultRule> take(std::string_view operation, std::string_view path);

 private:
  bool meets(FaultRule& rule);

  std::vector<FaultRule> rules_;
  SeededRandom random_{0};
};

/// One rule of each kind, each for this share of all calls it can be for.
std::vector<FaultRule> common_faults(double share);

/// The answer of a rule of kind Answer.
HttpResponse answer_of(FaultRule const& rule, std::string_view method, WallTime now);
/// {code, message}, as the end of an operation tells them.
Json error_of(FaultRule const& rule);
/// Lets an answer that has been made suffer what the rule says.
ServerReply damaged(HttpResponse reply, FaultRule const& rule);

}  // namespace trainyard::azsim
