// The way to Azure in a world: it takes time, it fails as the seed says, and what was sent may land later.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/base/http.hpp"
#include "tests/azsim/azsim.hpp"
#include "tests/azsim/sim_transport.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// Azure's: the time it tells may be an earlier one than this machine's.
class AzureClock final : public Clock {
 public:
  explicit AzureClock(Clock const& ours) : ours_(ours) {}
  [[nodiscard]] SteadyTime steady() const override { return ours_.steady(); }
  [[nodiscard]] WallTime wall() const override { return ours_.wall() - behind; }

  Duration behind{0};

 private:
  Clock const& ours_;
};

/// What may go wrong, as shares of all requests.
struct NetworkFaults {
  double lost_before = 0, lost_after = 0, late = 0;  // no answer: without, with, with a later effect
  double refused = 0, throttled = 0;                 // 500 or 503; 429
  double unauthorized = 0, garbled = 0;              // 401; the effect, and half of the answer's body
  std::string late_part = {};                        // only paths that hold this are late
  Duration latest{0};                                // how late a request may land
  bool unreachable = false;                          // nothing gets through
};

/// Outlives the operators: what was sent is on its way whatever becomes of the sender.
class Network {
 public:
  Network(azsim::AzureSim& azure, Stage& stage);

  struct Heard {  // an answer that reached its operator
    SteadyTime began;
    HttpRequest const& request;
    HttpResponse const& response;
  };
  void on_answer(std::function<void(Heard const&)> heard) { heard_ = std::move(heard); }
  void on_unheard(std::function<void(std::string const& path)> unheard) { unheard_ = std::move(unheard); }
  /// A request has landed this long after it was sent.
  void on_late_landing(std::function<void(std::string const& path, Duration late)> landed) {
    landed_ = std::move(landed);
  }
  void set_faults(NetworkFaults faults) { faults_ = faults; }
  Result<HttpResponse> send(Pulse& whose, HttpRequest const& request, Context const& context);
  /// Lets land what has been on its way long enough.
  void land();
  [[nodiscard]] std::size_t on_its_way() const { return late_.size(); }
  [[nodiscard]] SteadyTime next_landing() const;  // max(): nothing is on its way

 private:
  struct OnItsWay {
    SteadyTime sent, at;
    HttpRequest request;
  };
  Result<HttpResponse> exchange(Pulse& whose, HttpRequest const& request, Context const& context);

  azsim::AzureSim& azure_;
  Stage& stage_;
  azsim::SimTransport wire_;
  NetworkFaults faults_;
  std::vector<OnItsWay> late_;
  std::function<void(Heard const&)> heard_ = [](Heard const&) {};
  std::function<void(std::string const&)> unheard_ = [](std::string const&) {};
  std::function<void(std::string const&, Duration)> landed_ = [](std::string const&, Duration) {};
};

/// The network as one operator has it.
class SimAzure final : public HttpTransport {
 public:
  SimAzure(Network& network, Pulse& whose) : network_(network), whose_(whose) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    return network_.send(whose_, request, context);
  }

 private:
  Network& network_;
  Pulse& whose_;
};

}  // namespace trainyard::sim
