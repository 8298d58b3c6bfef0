#include "tests/azsim/cluster.hpp"

#include <algorithm>
#include <utility>

#include "controller/base/time_text.hpp"

namespace trainyard::azsim {

Cluster::Demand const* Cluster::find(std::string const& job) const {
  auto const found =
      std::find_if(demands_.begin(), demands_.end(), [&](Demand const& demand) { return demand.job == job; });
  return found == demands_.end() ? nullptr : &*found;
}

void Cluster::request(std::string const& job, int nodes) {
  if (find(job) == nullptr) demands_.push_back({.job = job, .nodes = nodes, .granted = false});
}

void Cluster::release(std::string const& job, WallTime now) {
  if (std::erase_if(demands_, [&](Demand const& demand) { return demand.job == job; }) > 0) idle_since_ = now;
}

std::vector<std::string> Cluster::jobs() const {
  std::vector<std::string> names;
  for (Demand const& demand : demands_) names.push_back(demand.job);
  return names;
}

bool Cluster::granted(std::string const& job) const {
  Demand const* demand = find(job);
  return demand != nullptr && demand->granted;
}

int Cluster::busy() const {
  int nodes = 0;
  for (Demand const& demand : demands_)
    if (demand.granted) nodes += demand.nodes;
  return nodes;
}

int Cluster::wanted() const {
  int nodes = 0;
  for (Demand const& demand : demands_)
    if (demand.granted || demand.nodes <= scale_.max) nodes += demand.nodes;
  return std::clamp(nodes, scale_.min, std::max(scale_.min, scale_.max));
}

void Cluster::grant(WallTime now) {
  int free = std::min(nodes_, target_) - busy();
  for (Demand& demand : demands_) {
    if (demand.granted || demand.nodes > scale_.max) continue;
    if (demand.nodes > free) return;
    demand.granted = true;
    free -= demand.nodes;
    idle_since_ = now;
  }
}

std::optional<WallTime> Cluster::idle_deadline() const {
  return wanted() < nodes_ ? std::optional<WallTime>(idle_since_ + scale_.idle) : std::nullopt;
}

void Cluster::begin_resize(WallTime now) {
  int const want = wanted();
  bool const grow = want > nodes_;
  bool const shrink = want < nodes_ && *idle_deadline() <= now;
  if (!grow && !shrink) return;
  target_ = std::max(want, busy());
  changed_at_ = now;
  resized_at_ = now + resize_;
}

void Cluster::advance(WallTime now) {
  for (;;) {
    if (resized_at_) {
      if (*resized_at_ > now) return;
      WallTime const at = *std::exchange(resized_at_, std::nullopt);
      nodes_ = target_;
      changed_at_ = at;
      grant(at);
      begin_resize(at);
      continue;
    }
    grant(now);
    std::optional<WallTime> const deadline = idle_deadline();
    begin_resize(deadline && *deadline <= now ? std::max(*deadline, changed_at_) : now);
    if (!resized_at_) return;
  }
}

NodeCounts Cluster::counts(WallTime now) const {
  NodeCounts counts{.current = nodes_, .target = target_};
  if (resized_at_ && target_ > nodes_ && now >= *resized_at_ - resize_ / 3) {
    counts.current = target_;  // the machines are there, their images not yet
    counts.preparing = target_ - nodes_;
  }
  if (resized_at_ && target_ < nodes_) counts.leaving = nodes_ - target_;
  counts.running = busy();
  counts.idle = counts.current - counts.preparing - counts.leaving - counts.running;
  return counts;
}

Json Cluster::snapshot() const {
  Json demands = Json::array();
  for (Demand const& demand : demands_)
    demands.push_back(
        Json::object({{"job", demand.job}, {"nodes", demand.nodes}, {"granted", demand.granted}}));
  return Json::object({{"nodes", nodes_},
                       {"target", target_},
                       {"resizedAt", resized_at_ ? Json(to_rfc3339(*resized_at_)) : Json()},
                       {"changedAt", to_rfc3339(changed_at_)},
                       {"idleSince", to_rfc3339(idle_since_)},
                       {"demands", std::move(demands)}});
}

Result<Cluster> Cluster::restore(Json const& state, ScaleSettings scale, Duration resize) {
  Result<WallTime> const steady = parse_rfc3339(state.text("changedAt"));
  if (!steady) return steady.error();
  Result<WallTime> const idle = parse_rfc3339(state.text("idleSince"));
  if (!idle) return idle.error();
  Cluster cluster(scale, resize, *steady);
  cluster.idle_since_ = *idle;
  cluster.nodes_ = static_cast<int>(state.at("nodes").integer_or(0));
  cluster.target_ = static_cast<int>(state.at("target").integer_or(0));
  if (Result<WallTime> const at = parse_rfc3339(state.text("resizedAt"))) cluster.resized_at_ = *at;
  for (Json const& item : state.at("demands").items())
    cluster.demands_.push_back({.job = item.text("job"),
                                .nodes = static_cast<int>(item.at("nodes").integer_or(1)),
                                .granted = item.at("granted").bool_or(false)});
  return cluster;
}

}  // namespace trainyard::azsim
