// Prometheus metrics; prometheus-cpp stays in metrics.cpp. Every label set is made at the start, so it exists
// at zero.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace trainyard {

using MetricLabels = std::map<std::string, std::string>;

struct Counter {
  virtual ~Counter() = default;
  virtual void add(double by = 1) = 0;
};
struct Gauge {
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
};
struct Histogram {
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

/// References stay good as long as the registry lives; the same name and labels give the same one. Safe from
/// any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(Metrics const&) = delete;
  Metrics& operator=(Metrics const&) = delete;
  Counter& counter(std::string const& name, std::string const& help, MetricLabels const& labels = {});
  Gauge& gauge(std::string const& name, std::string const& help, MetricLabels const& labels = {});
  /// `bounds` are the buckets' upper ones; without them seconds from 5 ms to 10 min.
  Histogram& histogram(std::string const& name, std::string const& help, MetricLabels const& labels = {},
                       std::vector<double> const& bounds = {});
  [[nodiscard]] std::string text() const;  // exposition format, text version 0.0.4

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trainyard
