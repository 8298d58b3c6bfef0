// Many strands of work in one thread on virtual time; who goes on is decided by a seed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/random.hpp"

namespace trainyard::sim {

/// What unwinds a strand that is dropped. No std::exception, so that nothing takes it for an error of its
/// own.
struct Dropped {};

/// A strand runs until it waits. No lock may be held then: another strand would wait for it for ever.
class Fibers {
 public:
  Fibers(FakeClock& clock, Random& random);
  ~Fibers();
  Fibers(Fibers const&) = delete;
  Fibers& operator=(Fibers const&) = delete;

  using Id = std::uint64_t;
  /// `group`: whose strand it is; those of one group end together.
  Id start(std::string const& group, std::string const& name, std::function<void()> body);
  /// Lets one strand that can go on do so. False if none can before time passes.
  bool step();
  /// When the next strand wakes by itself; max() if none does.
  [[nodiscard]] SteadyTime next_wake() const;
  /// Unwinds every strand of the group. What they call meanwhile must not wait.
  void drop(std::string const& group);
  /// Unwinds one, if it is still there; another strand may ask for it.
  void drop(Id id);
  /// Something happened that strands which wait for work should look at.
  void stir() { ++stirred_; }
  [[nodiscard]] std::string const& current() const;  // the running strand's name

  // For the running strand.
  void yield();                          // anybody may go on, this one too
  void sleep(Duration by);               // until the clock says so
  void wait_for_work(SteadyTime until);  // until then, or until another strand has done something
  /// Until then, or until it holds; that is asked often, and must not wait.
  void wait_for(std::function<bool()> holds, SteadyTime until);

 private:
  struct Strand;
  void forget_ended();
  void drop_if(std::function<bool(Strand const&)> const& which);
  [[nodiscard]] bool can_go_on(Strand const& strand) const;
  void switch_to(Strand& strand);
  void switch_back();

  FakeClock& clock_;
  Random& random_;
  std::vector<std::unique_ptr<Strand>> strands_;
  Strand* running_ = nullptr;
  std::uint64_t stirred_ = 0, started_ = 0;
};

}  // namespace trainyard::sim
