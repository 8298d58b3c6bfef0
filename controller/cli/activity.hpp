// What this process did in the world: decorators that count, so that the verdict need not guess.
#pragma once

#include <atomic>

#include "controller/base/http.hpp"
#include "reconcilers/local_runner.hpp"

namespace trainyard::cli {

struct Activity {
  std::atomic<int> azure_writes = 0;  // requests to change something that were sent, whatever the answer
  std::atomic<int> runs_started = 0;  // here and in Azure
};

/// Counts the requests that change something in Azure: everything but reads, and token requests. A job that
/// answers 201 to its PUT was started by it; a repeated PUT answers 200.
class CountingTransport final : public HttpTransport {
 public:
  CountingTransport(HttpTransport& next, Activity& activity) : next_(next), activity_(activity) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override;

 private:
  HttpTransport& next_;
  Activity& activity_;
};

class CountingRunner final : public reconcilers::LocalRunner {
 public:
  CountingRunner(reconcilers::LocalRunner& next, Activity& activity) : next_(next), activity_(activity) {}
  Result<std::optional<reconcilers::LocalRun>> find(std::string const& ns, std::string const& name,
                                                    Context const& context) override {
    return next_.find(ns, name, context);
  }
  Result<Done> start(reconcilers::LocalStart const& what, Context const& context) override;
  Result<Done> cancel(std::string const& ns, std::string const& name, std::string const& reason,
                      Context const& context) override {
    return next_.cancel(ns, name, reason, context);
  }
  Result<std::vector<std::string>> list(std::string const& ns, std::string const& owner,
                                        Context const& context) override {
    return next_.list(ns, owner, context);
  }

  [[nodiscard]] Duration pace() const override { return next_.pace(); }

 private:
  reconcilers::LocalRunner& next_;
  Activity& activity_;
};

}  // namespace trainyard::cli
