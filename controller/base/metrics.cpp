#include "controller/base/metrics.hpp"

#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace trainyard {

namespace {

struct CounterOf final : Counter {
  explicit CounterOf(prometheus::Counter& metric) : metric_(metric) {}
  void add(double by) override { metric_.Increment(by); }
  prometheus::Counter& metric_;
};

struct GaugeOf final : Gauge {
  explicit GaugeOf(prometheus::Gauge& metric) : metric_(metric) {}
  void set(double value) override { metric_.Set(value); }
  prometheus::Gauge& metric_;
};

struct HistogramOf final : Histogram {
  explicit HistogramOf(prometheus::Histogram& metric) : metric_(metric) {}
  void observe(double value) override { metric_.Observe(value); }
  prometheus::Histogram& metric_;
};

prometheus::Histogram::BucketBoundaries const& boundaries() {
  static prometheus::Histogram::BucketBoundaries const kSeconds{
      0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
  return kSeconds;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  std::mutex mutex;
  // By name and labels; guarded by mutex.
  std::map<std::pair<std::string, MetricLabels>, std::unique_ptr<Counter>> counters;
  std::map<std::pair<std::string, MetricLabels>, std::unique_ptr<Gauge>> gauges;
  std::map<std::pair<std::string, MetricLabels>, std::unique_ptr<Histogram>> histograms;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string const& name, std::string const& help, MetricLabels const& labels) {
  std::lock_guard lock(state_->mutex);
  auto& slot = state_->counters[{name, labels}];
  if (!slot)
    slot = std::make_unique<CounterOf>(
        prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry).Add(labels));
  return *slot;
}

Gauge& Metrics::gauge(std::string const& name, std::string const& help, MetricLabels const& labels) {
  std::lock_guard lock(state_->mutex);
  auto& slot = state_->gauges[{name, labels}];
  if (!slot)
    slot = std::make_unique<GaugeOf>(
        prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry).Add(labels));
  return *slot;
}

Histogram& Metrics::histogram(std::string const& name, std::string const& help, MetricLabels const& labels,
                              std::vector<double> const& bounds) {
  std::lock_guard lock(state_->mutex);
  auto& slot = state_->histograms[{name, labels}];
  if (!slot)
    slot = std::make_unique<HistogramOf>(prometheus::BuildHistogram()
                                             .Name(name)
                                             .Help(help)
                                             .Register(state_->registry)
                                             .Add(labels, bounds.empty() ? boundaries() : bounds));
  return *slot;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace trainyard
