// SIGTERM and SIGINT as a stop request. Handlers, not a blocked mask: those are gone again in what we start.
#pragma once

#include <stop_token>
#include <thread>

namespace trainyard::cli {

/// One at a time. While it lives, the first signal asks to stop and further ones change nothing: what is
/// under way ends in its own time. A closed stdout is no signal either.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(StopSignals const&) = delete;
  StopSignals& operator=(StopSignals const&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }
  /// The first signal that came; 0: none.
  [[nodiscard]] int signal() const;

 private:
  std::stop_source stop_;
  std::jthread waiter_;  // last: ends before what it uses
};

}  // namespace trainyard::cli
