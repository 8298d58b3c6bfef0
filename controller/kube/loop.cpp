#include "controller/kube/loop.hpp"

#include <thread>

namespace trainyard::kube {

namespace {

class LoopOnThread final : public RunningLoop {
 public:
  LoopOnThread(Loop& loop, Clock const& clock)
      : thread_([&loop, &clock](std::stop_token const& stop) { loop.run(clock, stop); }) {}
  void request_stop() override { thread_.request_stop(); }

 private:
  std::jthread thread_;
};

}  // namespace

LoopRunner on_threads(Clock const& clock) {
  return [&clock](Loop& loop) { return std::make_unique<LoopOnThread>(loop, clock); };
}

}  // namespace trainyard::kube
