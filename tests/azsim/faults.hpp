// The faults that tests ask for.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

class Faults {
 public:
  void add(FaultRule rule) { rules_.push_back(std::move(rule)); }
  void clear() { rules_.clear(); }
  /// The rule that this call meets, which it uses up by one.
  std::optional<FaultRule> take(std::string_view operation, std::string_view path);

 private:
  std::vector<FaultRule> rules_;
};

/// The answer of a rule of kind Answer.
HttpResponse answer_of(FaultRule const& rule);
/// Lets an answer that has been made suffer what the rule says.
ServerReply damaged(HttpResponse reply, FaultRule const& rule);

}  // namespace trainyard::azsim
