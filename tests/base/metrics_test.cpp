#include "controller/base/metrics.hpp"

#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace trainyard;

namespace {

/// What a scraper sees: the samples by name and labels. Checks the format line by line.
class Scrape {
 public:
  explicit Scrape(std::string const& text) {
    BOOST_TEST((text.empty() || text.ends_with('\n')));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
  }

  [[nodiscard]] double at(std::string const& sample) const {
    auto const found = samples_.find(sample);
    BOOST_REQUIRE_MESSAGE(found != samples_.end(), sample);
    return found->second;
  }
  [[nodiscard]] std::string const& type(std::string const& name) const { return types_.at(name); }
  [[nodiscard]] std::string const& help(std::string const& name) const { return helps_.at(name); }
  [[nodiscard]] std::size_t size() const { return samples_.size(); }

 private:
  // Source: Prometheus, exposition formats, text-based format 0.0.4.
  void read(std::string const& line) {
    static std::regex const kComment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*))");
    static std::regex const kSample(
        R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? (\S+))re");
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      auto& told = match[1] == "HELP" ? helps_ : types_;
      BOOST_TEST(told.emplace(match[2], match[3]).second, "told twice: " << line);
      return;
    }
    BOOST_REQUIRE_MESSAGE(std::regex_match(line, match, kSample), line);
    std::string family = match[1];
    for (std::string const suffix : {"_bucket", "_sum", "_count"})
      if (!types_.contains(family) && family.ends_with(suffix)) family.resize(family.size() - suffix.size());
    BOOST_TEST(types_.contains(family), "no type told before: " << line);
    std::string const number = match[5];
    double const value = number == "+Inf" ? HUGE_VAL : std::stod(number);
    BOOST_TEST(samples_.emplace(match[1].str() + match[2].str(), value).second, "twice: " << line);
  }

  std::map<std::string, double> samples_;
  std::map<std::string, std::string> types_, helps_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(nothing_yet) { BOOST_TEST(Scrape(Metrics().text()).size() == 0U); }

BOOST_AUTO_TEST_CASE(each_exists_at_zero_from_the_start) {
  Metrics metrics;
  metrics.counter("trainyard_passes_total", "Passes", {{"result", "error"}});
  metrics.gauge("trainyard_depth", "Depth");
  metrics.histogram("trainyard_seconds", "Seconds", {{"controller", "run"}});
  Scrape const seen(metrics.text());
  BOOST_TEST(seen.at("trainyard_passes_total{result=\"error\"}") == 0);
  BOOST_TEST(seen.at("trainyard_depth") == 0);
  BOOST_TEST(seen.at("trainyard_seconds_count{controller=\"run\"}") == 0);
  BOOST_TEST(seen.type("trainyard_passes_total") == "counter");
  BOOST_TEST(seen.type("trainyard_depth") == "gauge");
  BOOST_TEST(seen.type("trainyard_seconds") == "histogram");
  BOOST_TEST(seen.help("trainyard_depth") == "Depth");
}

BOOST_AUTO_TEST_CASE(values) {
  Metrics metrics;
  Counter& counter = metrics.counter("c_total", "c");
  counter.add();
  counter.add(2.5);
  Gauge& gauge = metrics.gauge("g", "g");
  gauge.set(4);
  gauge.set(-1.5);
  Histogram& histogram = metrics.histogram("h", "h");
  for (double const seconds : {0.004, 0.3, 700.0}) histogram.observe(seconds);
  Scrape const seen(metrics.text());
  BOOST_TEST(seen.at("c_total") == 3.5);
  BOOST_TEST(seen.at("g") == -1.5);
  BOOST_TEST(seen.at("h_count") == 3);
  BOOST_TEST(seen.at("h_sum") == 700.304);
  BOOST_TEST(seen.at("h_bucket{le=\"0.005\"}") == 1);
  BOOST_TEST(seen.at("h_bucket{le=\"0.5\"}") == 2);
  BOOST_TEST(seen.at("h_bucket{le=\"600\"}") == 2);
  BOOST_TEST(seen.at("h_bucket{le=\"+Inf\"}") == 3);
}

BOOST_AUTO_TEST_CASE(the_same_name_and_labels_are_the_same_metric) {
  Metrics metrics;
  Counter& one = metrics.counter("c_total", "c", {{"a", "1"}, {"b", "2"}});
  BOOST_TEST(&one == &metrics.counter("c_total", "c", {{"b", "2"}, {"a", "1"}}));
  BOOST_TEST(&one != &metrics.counter("c_total", "c", {{"a", "1"}, {"b", "3"}}));
  BOOST_TEST(&metrics.gauge("g", "g") == &metrics.gauge("g", "g"));
  BOOST_TEST(&metrics.histogram("h", "h") == &metrics.histogram("h", "h"));
}

BOOST_AUTO_TEST_CASE(any_text_may_be_a_label) {
  Metrics metrics;
  metrics.counter("c_total", "c", {{"label", "a\"b\\c\nd"}}).add();
  Scrape const seen(metrics.text());
  BOOST_TEST(seen.at(R"(c_total{label="a\"b\\c\nd"})") == 1);
}

BOOST_AUTO_TEST_CASE(many_threads) {
  Metrics metrics;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 500; ++n) {
          metrics.counter("c_total", "c", {{"n", std::to_string(n % 7)}}).add();
          metrics.histogram("h", "h").observe(n);
          if (n % 100 == 0) static_cast<void>(metrics.text());
        }
      });
  }
  Scrape const seen(metrics.text());
  double sum = 0;
  for (int n = 0; n < 7; ++n) sum += seen.at("c_total{n=\"" + std::to_string(n) + "\"}");
  BOOST_TEST(sum == 2000);
  BOOST_TEST(seen.at("h_count") == 2000);
}

BOOST_AUTO_TEST_SUITE_END()
