#include "controller/manager/work_queue.hpp"

#include <algorithm>

namespace trainyard::manager {

namespace {

// Names and meaning are client-go's, which stock dashboards know.
MetricLabels const kLabels{{"name", "trainyard"}};

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

WorkQueue::WorkQueue(Random& random, Metrics& metrics)
    : random_(random),
      adds_(metrics.counter("workqueue_adds_total", "keys that were added to the work queue", kLabels)),
      retries_(
          metrics.counter("workqueue_retries_total", "keys that were added again after a failure", kLabels)),
      depth_(metrics.gauge("workqueue_depth", "keys that are due and wait for a worker", kLabels)),
      unfinished_(metrics.gauge("workqueue_unfinished_work_seconds",
                                "how long the visits under way have taken together", kLabels)),
      longest_(metrics.gauge("workqueue_longest_running_processor_seconds",
                             "how long the longest visit under way has taken", kLabels)),
      waited_(metrics.histogram("workqueue_queue_duration_seconds", "how long a due key waited for a worker",
                                kLabels)),
      worked_(metrics.histogram("workqueue_work_duration_seconds", "how long a visit took", kLabels)) {}

void WorkQueue::refresh_metrics(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  auto const due = std::count_if(in_order_.begin(), in_order_.end(),
                                 [&](auto const& entry) { return entry.first <= now; });
  Duration all{0}, longest{0};
  for (auto const& [key, visit] : visited_) {
    all += now - visit.began;
    longest = std::max(longest, now - visit.began);
  }
  depth_.set(static_cast<double>(due));
  unfinished_.set(seconds_of(all));
  longest_.set(seconds_of(longest));
}

void WorkQueue::put(ObjectKey const& key, SteadyTime when) {
  auto const [at, fresh] = due_.try_emplace(key, when);
  if (!fresh) {
    if (at->second <= when) return;
    in_order_.erase({at->second, key});
    at->second = when;
  }
  in_order_.insert({when, key});
}

void WorkQueue::add(ObjectKey const& key, SteadyTime when) {
  {
    std::lock_guard lock(mutex_);
    auto const visited = visited_.find(key);
    if (visited != visited_.end())
      visited->second.again = std::min(visited->second.again.value_or(when), when);
    else
      put(key, when);
    ++changes_;
  }
  adds_.add();
  changed_.notify_one();
}

std::optional<ObjectKey> WorkQueue::pop_ready(SteadyTime now) {
  std::lock_guard lock(mutex_);
  if (in_order_.empty() || in_order_.begin()->first > now) return std::nullopt;
  waited_.observe(seconds_of(now - in_order_.begin()->first));
  ObjectKey key = in_order_.begin()->second;
  in_order_.erase(in_order_.begin());
  due_.erase(key);
  visited_.emplace(key, Visit{now, std::nullopt});
  return key;
}

void WorkQueue::done(ObjectKey const& key, SteadyTime now) {
  {
    std::lock_guard lock(mutex_);
    failures_.erase(key);
    auto const visited = visited_.find(key);
    check(visited != visited_.end(), "a visit ended that had not begun");
    if (visited->second.again) put(key, *visited->second.again);
    worked_.observe(seconds_of(now - visited->second.began));
    visited_.erase(visited);
    ++changes_;
  }
  changed_.notify_one();
}

void WorkQueue::done_failed(ObjectKey const& key, SteadyTime now) {
  int failures = 0;
  {
    std::lock_guard lock(mutex_);
    failures = failures_[key]++;
  }
  Duration const full =
      std::min<Duration>(std::chrono::seconds(1) * (1 << std::min(failures, 12)), std::chrono::seconds(300));
  Duration const off(
      static_cast<Duration::rep>(random_.next() % static_cast<std::uint64_t>(full.count() / 5 + 1)));
  {
    std::lock_guard lock(mutex_);
    auto const visited = visited_.find(key);
    check(visited != visited_.end(), "a visit ended that had not begun");
    std::optional<SteadyTime> const asked = visited->second.again;
    worked_.observe(seconds_of(now - visited->second.began));
    visited_.erase(visited);
    put(key, asked ? std::min(*asked, now + full - off) : now + full - off);
    ++changes_;
  }
  retries_.add();
  changed_.notify_one();
}

std::optional<SteadyTime> WorkQueue::next_due() const {
  std::lock_guard lock(mutex_);
  if (in_order_.empty()) return std::nullopt;
  return in_order_.begin()->first;
}

std::size_t WorkQueue::size() const {
  std::lock_guard lock(mutex_);
  return due_.size();
}

bool WorkQueue::visiting() const {
  std::lock_guard lock(mutex_);
  return !visited_.empty();
}

bool WorkQueue::quiet(SteadyTime now) const {
  std::lock_guard lock(mutex_);
  return visited_.empty() && (in_order_.empty() || in_order_.begin()->first > now);
}

std::uint64_t WorkQueue::changes() const {
  std::lock_guard lock(mutex_);
  return changes_;
}

void WorkQueue::wait(std::uint64_t seen, std::optional<SteadyTime> until, std::stop_token const& stop) {
  std::unique_lock lock(mutex_);
  auto const changed = [&] { return changes_ != seen; };
  if (until)
    changed_.wait_until(lock, stop, within_reach(*until), changed);
  else
    changed_.wait(lock, stop, changed);
}

void WorkQueue::wake() {
  {
    std::lock_guard lock(mutex_);
    ++changes_;
  }
  changed_.notify_all();
}

}  // namespace trainyard::manager
