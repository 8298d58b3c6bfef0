// The nodes of one AmlCompute cluster over time: grown for jobs, let go when idle. Knows nothing of the wire.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/json.hpp"

namespace trainyard::azsim {

struct ScaleSettings {
  int min = 0, max = 0;
  Duration idle{120'000};  // the service's own when none is given
};

struct NodeCounts {
  int current = 0, target = 0;
  int preparing = 0, running = 0, idle = 0, leaving = 0;  // their sum is `current`
};

class Cluster {
 public:
  /// Has no node yet at `start`; `resize` is how long growing and shrinking take.
  Cluster(ScaleSettings scale, Duration resize, WallTime start)
      : scale_(scale), resize_(resize), changed_at_(start), idle_since_(start) {}

  void set_scale(ScaleSettings scale) { scale_ = scale; }
  /// Both take effect with the next advance().
  void request(std::string const& job, int nodes);
  void release(std::string const& job, WallTime now);
  [[nodiscard]] bool granted(std::string const& job) const;
  [[nodiscard]] std::vector<std::string> jobs() const;

  /// Lets everything happen that is due by `now`, each at its own time.
  void advance(WallTime now);

  [[nodiscard]] NodeCounts counts(WallTime now) const;
  [[nodiscard]] bool resizing() const { return resized_at_.has_value(); }
  [[nodiscard]] WallTime changed_at() const { return changed_at_; }

  [[nodiscard]] Json snapshot() const;
  static Result<Cluster> restore(Json const& state, ScaleSettings scale, Duration resize);

 private:
  struct Demand {
    std::string job;
    int nodes;
    bool granted;
  };
  [[nodiscard]] Demand const* find(std::string const& job) const;
  [[nodiscard]] int busy() const;
  [[nodiscard]] int wanted() const;
  void grant(WallTime now);
  /// Begins a resize that is due at `now`.
  void begin_resize(WallTime now);
  /// When idle nodes may go; nothing while all are needed.
  [[nodiscard]] std::optional<WallTime> idle_deadline() const;

  ScaleSettings scale_;
  Duration resize_;
  int nodes_ = 0, target_ = 0;
  std::optional<WallTime> resized_at_;  // a resize to target_ ends then
  WallTime changed_at_, idle_since_;
  std::vector<Demand> demands_;  // first come, first served
};

}  // namespace trainyard::azsim
