#include "tests/sim/strand_loops.hpp"

#include <utility>

namespace trainyard::sim {

namespace {

class LoopOnStrand final : public kube::RunningLoop {
 public:
  LoopOnStrand(kube::Loop& loop, Fibers& fibers, Clock const& clock, std::string const& group)
      : fibers_(fibers), id_(fibers.start(group, "loop", [&loop, &fibers, &clock, stop = stop_.get_token()] {
          while (!stop.stop_requested()) {
            SteadyTime const due = clock.steady() + loop.step(stop);
            bool woken = false;
            fibers.wait_for([&] { return woken = woken || loop.take_wake(), woken || stop.stop_requested(); },
                            due);
          }
        })) {}
  /// Nobody waits in a destructor: what it does is cut off where it waits, as threads are joined in a
  /// process.
  ~LoopOnStrand() override {
    stop_.request_stop();
    fibers_.drop(id_);
  }
  void request_stop() override { stop_.request_stop(); }

 private:
  Fibers& fibers_;
  std::stop_source stop_;
  Fibers::Id id_;
};

}  // namespace

kube::LoopRunner on_strands(Fibers& fibers, Clock const& clock, std::string group) {
  return [&fibers, &clock, group = std::move(group)](kube::Loop& loop) {
    return std::make_unique<LoopOnStrand>(loop, fibers, clock, group);
  };
}

}  // namespace trainyard::sim
