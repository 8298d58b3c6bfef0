// The way to Azure in a world: it takes time, it fails as the seed says, and what was sent may land later.
#pragma once

#include <string>
#include <vector>

#include "controller/base/http.hpp"
#include "tests/azsim/azsim.hpp"
#include "tests/azsim/sim_transport.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// What may go wrong, as shares of all requests.
struct NetworkFaults {
  double lost_before = 0, lost_after = 0, late = 0;  // no answer: without, with, with a later effect
  double refused = 0, throttled = 0;                 // 500 or 503; 429
  Duration latest{0};                                // how late a request may land
};

/// Outlives the operator: what was sent is on its way whatever becomes of the sender.
class SimAzure final : public HttpTransport {
 public:
  SimAzure(azsim::AzureSim& azure, Stage& stage);
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override;

  void set_faults(NetworkFaults faults) { faults_ = faults; }
  /// Lets land what has been on its way long enough.
  void land();
  [[nodiscard]] SteadyTime next_landing() const;  // max(): nothing is on its way

 private:
  struct OnItsWay {
    SteadyTime at;
    HttpRequest request;
  };
  Result<HttpResponse> exchange(HttpRequest const& request, std::string const& what, Context const& context);

  azsim::AzureSim& azure_;
  Stage& stage_;
  azsim::SimTransport wire_;
  NetworkFaults faults_;
  std::vector<OnItsWay> late_;
};

}  // namespace trainyard::sim
