// HttpTransport over a simulator in the same process: no socket, no real time.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "controller/base/http.hpp"
#include "controller/base/http_outcome.hpp"
#include "controller/base/http_server.hpp"

namespace trainyard::azsim {

/// Safe from any thread; the simulator is asked by one at a time. As on a real wire, a client cannot tell a
/// request that was lost from an answer that was: both are the same Error.
class SimTransport final : public HttpTransport {
 public:
  /// `wait` lets the given time pass (advances a fake clock, or yields a fiber until it has passed); no lock
  /// is held meanwhile.
  SimTransport(HttpHandler handler, Clock const& clock, std::function<void(Duration)> wait)
      : handler_(std::move(handler)), clock_(clock), wait_(std::move(wait)) {}

  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    if (context.stop.stop_requested())
      return failure(request, ErrorKind::Canceled, "Stopped", "stopped", false);
    if (clock_.steady() >= context.deadline) return timed_out(request, false);
    if (!parse_url(request.url))
      return failure(request, ErrorKind::Invalid, "InvalidUrl", "the address is no URL", false);
    ServerReply reply = ask(request);
    if (reply.delay > Duration{0}) {
      Duration const left =
          context.deadline == SteadyTime::max() ? reply.delay : context.deadline - clock_.steady();
      wait_(std::min(reply.delay, left));
      if (reply.delay > left) return timed_out(request, true);
    }
    if (reply.fault != ReplyFault::Send)
      return failure(request, ErrorKind::Transient, "ConnectionLost",
                     "the connection broke before the whole answer came", true);
    if (reply.response.body.size() > request.max_response)
      return failure(request, ErrorKind::Invalid, "ResponseTooLarge",
                     "the answer is larger than was asked for", true);
    return std::move(reply.response);
  }

 private:
  ServerReply ask(HttpRequest const& request) {
    std::lock_guard lock(mutex_);
    return handler_(request);
  }
  static Error failure(HttpRequest const& request, ErrorKind kind, std::string reason, std::string message,
                       bool sent) {
    return {.kind = kind,
            .reason = std::move(reason),
            .message = std::move(message),
            .maybe_applied = sent && !is_read(request.method)};
  }
  static Error timed_out(HttpRequest const& request, bool sent) {
    return failure(request, ErrorKind::Canceled, "DeadlineExceeded",
                   "the deadline passed before the answer came", sent);
  }

  HttpHandler handler_;
  Clock const& clock_;
  std::function<void(Duration)> wait_;
  std::mutex mutex_;
};

}  // namespace trainyard::azsim
