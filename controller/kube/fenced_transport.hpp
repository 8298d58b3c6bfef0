// A transport that carries writes only while this process may act.
#pragma once

#include <functional>

#include "controller/base/http.hpp"

namespace trainyard::kube {

/// What is asked for after the lease was lost fails with Canceled, reason NotLeader, and is not sent. Reads
/// pass.
class FencedTransport final : public StreamingTransport {
 public:
  FencedTransport(StreamingTransport& next, std::function<bool()> may_write)
      : next_(next), may_write_(std::move(may_write)) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    bool const read = request.method == "GET" || request.method == "HEAD";
    if (!read && !may_write_())
      return Error{.kind = ErrorKind::Canceled,
                   .reason = "NotLeader",
                   .message = "nothing was sent: this process is not the leader"};
    return next_.send(request, context);
  }
  Result<HttpResponse> stream_lines(HttpRequest const& request,
                                    std::function<void(std::string line)> const& on_line, Duration quiet,
                                    Context const& context) override {
    return next_.stream_lines(request, on_line, quiet, context);
  }

 private:
  StreamingTransport& next_;
  std::function<bool()> const may_write_;
};

}  // namespace trainyard::kube
