#include "tests/sim/stage.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"

namespace trainyard::sim {

namespace {
constexpr WallTime kBegin = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(8);
}

Stage::Stage(std::uint64_t seed) : clock(kBegin), random(seed), fibers(clock, random) {}

void Stage::effect(Pulse& whose, std::string const& what, std::function<void()> const& act) {
  if (whose.dead) return;
  fibers.yield();
  ++effects_;
  bool const struck = kill_ && kill_->at == effects_;
  auto const die = [&](std::string const& when) {
    tell("KILLED " + when + ": " + what);
    whose.dead = true;
    throw Dropped{};
  };
  if (struck && kill_->before) die("before");
  act();
  tell(what);
  if (struck) die("after");
  fibers.yield();
}

bool Stage::chance(double share) {
  return static_cast<double>(random.next() % 1'000'000) < share * 1'000'000;
}

Duration Stage::between(Duration least, Duration most) {
  auto const width = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + Duration(static_cast<Duration::rep>(random.next() % width));
}

void Stage::tell(std::string const& what) {
  trace_.push_back(to_rfc3339(clock.wall()) + " " + fibers.current() + ": " + what);
}

std::string Stage::last(std::size_t lines) const {
  std::vector<std::string const*> shown;
  for (auto line = trace_.rbegin(); line != trace_.rend() && shown.size() < lines; ++line)
    if (line->find(": GET /") == std::string::npos) shown.push_back(&*line);
  std::string text;
  for (auto line = shown.rbegin(); line != shown.rend(); ++line) text += **line + "\n";
  return text;
}

}  // namespace trainyard::sim
