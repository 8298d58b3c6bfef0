// The way to an API server in a world: it takes time, fails as the seed says, and tells late what has
// changed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/base/http.hpp"
#include "tests/sim/kube_server.hpp"
#include "tests/sim/kube_watch.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// What may go wrong, as shares of all requests, of watches, or of what they tell.
struct KubeFaults {
  double lost_before = 0, lost_after = 0;  // requests without an answer: without and with an effect
  double refused = 0, throttled = 0;       // 500 or 503; 429
  double overtaken = 0;                    // writes before which another changes the object: a 409
  double cut = 0, silent = 0;              // watches that break, or tell nothing any more, after a while
  double expired = 0;                      // watches before which the server forgets what was
  double late = 0;                         // what a watch tells up to `latest` late
  Duration latest{0};
  bool unreachable = false;  // nothing gets through
};

/// A mixed lot of faults, each rare enough that the operator comes forward.
KubeFaults rough_api();

/// As one operator has it. Everything that it is given outlives it.
class SimKube final : public StreamingTransport {
 public:
  /// `said` is told what is sent.
  SimKube(KubeServer& server, KubeFaults const& faults, Stage& stage, Pulse& whose,
          std::function<void(std::string_view)> said)
      : server_(server), faults_(faults), stage_(stage), whose_(whose), said_(std::move(said)) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override;
  Result<HttpResponse> stream_lines(HttpRequest const& request,
                                    std::function<void(std::string line)> const& on_line, Duration quiet,
                                    Context const& context) override;

 private:
  Result<HttpResponse> exchange(HttpRequest const& request);
  /// Another person changes what is about to be written.
  void overtake(HttpRequest const& request);
  [[nodiscard]] Duration lag();

  KubeServer& server_;
  KubeFaults const& faults_;
  Stage& stage_;
  Pulse& whose_;
  std::function<void(std::string_view)> const said_;
};

}  // namespace trainyard::sim
