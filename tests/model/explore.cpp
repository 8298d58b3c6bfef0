#include "tests/model/explore.hpp"

#include <algorithm>

namespace trainyard::model {

std::string to_string(Breach const& breach) {
  static constexpr char const* kPromises[] = {"a CreatedTwice", "b TwoLive",        "c CreatedAfterFinal",
                                              "d DeletedOther", "e LivesOn",        "f CanceledWanted",
                                              "g StaleReady",   "- OverwroteOther", "- DeletedKept"};
  static constexpr char const* kWindows[] = {"",      " (W1)", " (W2)", " (W3)",  " (W4)",  " (W6)",
                                             " (W7)", " (W8)", " (W9)", " (W10)", " (W11)", " (W12)"};
  return std::string(kPromises[static_cast<std::size_t>(breach.promise)]) +
         kWindows[static_cast<std::size_t>(breach.window)];
}

bool Report::broke(Promise promise) const { return breaches.contains({promise, Window::None}); }

bool Report::wrong() const {
  return not_live > 0 || std::any_of(breaches.begin(), breaches.end(),
                                     [](auto const& found) { return found.first.window == Window::None; });
}

std::string Report::text(bool with_windows) const {
  std::string text = std::to_string(states) + " states, " + std::to_string(steps) + " steps" +
                     (complete ? "" : " (the limit was reached; liveness was not looked at)") + "\n";
  auto const add_trace = [&](std::string const& head, std::vector<std::string> const& trace) {
    text += "  " + head + ", " + std::to_string(trace.size()) + " steps:\n";
    for (std::string const& label : trace) text += "      " + label + "\n";
  };
  for (auto const& [breach, found] : breaches) {
    std::string const head = to_string(breach) + " by " + std::to_string(found.steps_that_do) + " steps";
    if (with_windows || breach.window == Window::None)
      add_trace(head, found.trace);
    else
      text += "  " + head + "\n";
  }
  if (not_live > 0) add_trace("not live in " + std::to_string(not_live) + " states", never_rests);
  return text;
}

std::vector<std::uint32_t> SureSteps::restless(std::vector<bool> at_rest) const {
  std::size_t const count = at_rest.size();
  std::vector<std::vector<std::uint32_t>::size_type> begin(count + 1);
  std::vector<std::uint32_t> before(to_.size());  // the steps turned round
  for (std::uint32_t const to : to_) ++begin[to >> 1U];
  for (std::size_t i = 0, sum = 0; i <= count; ++i) begin[i] = (sum += i < count ? begin[i] : 0);
  for (std::uint32_t from = 0; from < count; ++from)
    each(from, [&](std::uint32_t to, bool) { before[--begin[to]] = from; });
  auto const each_before = [&](std::uint32_t to, auto const& visit) {
    for (std::size_t i = begin[to]; i < begin[to + 1]; ++i) visit(before[i]);
  };

  // Rest is what cannot be left, and in which nothing is written.
  std::vector<std::uint32_t> todo;
  for (std::uint32_t from = 0; from < count; ++from) {
    bool left = false;
    each(from, [&](std::uint32_t to, bool write) { left = left || write || !at_rest[to]; });
    if (at_rest[from] && left) todo.push_back(from);
  }
  for (std::uint32_t const state : todo) at_rest[state] = false;
  while (!todo.empty()) {
    std::uint32_t const state = todo.back();
    todo.pop_back();
    each_before(state, [&](std::uint32_t from) {
      if (!at_rest[from]) return;
      at_rest[from] = false;
      todo.push_back(from);
    });
  }
  // From everywhere there must be a way there.
  std::vector<bool>& reaches = at_rest;
  for (std::uint32_t state = 0; state < count; ++state)
    if (reaches[state]) todo.push_back(state);
  while (!todo.empty()) {
    std::uint32_t const state = todo.back();
    todo.pop_back();
    each_before(state, [&](std::uint32_t from) {
      if (reaches[from]) return;
      reaches[from] = true;
      todo.push_back(from);
    });
  }
  std::vector<std::uint32_t> found;
  for (std::uint32_t state = 0; state < count; ++state)
    if (!reaches[state]) found.push_back(state);
  return found;
}

}  // namespace trainyard::model
