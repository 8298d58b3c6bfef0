#include "tests/sim/fibers.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/context/fiber.hpp>
#include <boost/context/fixedsize_stack.hpp>

#include "tests/sim/locks.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define TRAINYARD_ASAN 1
#else
#define TRAINYARD_ASAN 0
#endif

namespace trainyard::sim {

namespace {

namespace context = boost::context;

constexpr std::size_t kStack = std::size_t{1}
                               << 20U;  // sanitizers and JSON want room; pages are touched late

/// The address sanitizer must know which stack is in use, or it takes unwinding for an error.
class StackSwitch {
 public:
  void leave([[maybe_unused]] void const* bottom, [[maybe_unused]] std::size_t size) {
#if TRAINYARD_ASAN
    __sanitizer_start_switch_fiber(&fake_, bottom, size);
#endif
  }
  void leave_for_ever([[maybe_unused]] void const* bottom, [[maybe_unused]] std::size_t size) {
#if TRAINYARD_ASAN
    __sanitizer_start_switch_fiber(nullptr, bottom, size);
#endif
  }
  void arrive([[maybe_unused]] void const** bottom = nullptr, [[maybe_unused]] std::size_t* size = nullptr) {
#if TRAINYARD_ASAN
    __sanitizer_finish_switch_fiber(fake_, bottom, size);
#endif
  }

 private:
  void* fake_ = nullptr;
};

/// A stack that tells where it lies.
struct KnownStack {
  context::stack_context* told;
  context::stack_context allocate() {
    context::fixedsize_stack stack(kStack);
    *told = stack.allocate();
    return *told;
  }
  void deallocate(context::stack_context& stack) noexcept {
    context::fixedsize_stack(kStack).deallocate(stack);
  }
};

}  // namespace

struct Fibers::Strand {
  Id id;
  std::string group, name;
  std::function<void()> body;
  enum class State { Ready, Sleeping, Idle, Waiting, Ended } state = State::Ready;
  SteadyTime until{};
  std::uint64_t stirred = 0;         // what it had seen when it went idle
  std::function<bool()> holds = {};  // what it waits for
  bool dropped = false;
  context::fiber fiber = {};   // of the strand while it waits
  context::fiber caller = {};  // of step() while the strand runs
  context::stack_context stack = {};
  StackSwitch in = {}, out = {};
  void const* caller_bottom = nullptr;
  std::size_t caller_size = 0;
};

Fibers::Fibers(FakeClock& clock, Random& random) : clock_(clock), random_(random) {}
Fibers::~Fibers() {
  drop_if([](Strand const&) { return true; });
}

Fibers::Id Fibers::start(std::string const& group, std::string const& name, std::function<void()> body) {
  strands_.push_back(std::make_unique<Strand>(
      Strand{.id = ++started_, .group = group, .name = group + "." + name, .body = std::move(body)}));
  Strand* const strand = strands_.back().get();
  strand->fiber =
      context::fiber(std::allocator_arg, KnownStack{&strand->stack}, [this, strand](context::fiber&& caller) {
        StackSwitch().arrive(&strand->caller_bottom, &strand->caller_size);
        strand->caller = std::move(caller);
        try {
          if (!strand->dropped) strand->body();
        } catch (Dropped const&) {  // NOLINT: the end that was asked for
        }
        strand->state = Strand::State::Ended;
        strand->out.leave_for_ever(strand->caller_bottom, strand->caller_size);
        return std::move(strand->caller);
      });
  stir();
  return strand->id;
}

bool Fibers::can_go_on(Strand const& strand) const {
  switch (strand.state) {
    case Strand::State::Ready:
      return true;
    case Strand::State::Sleeping:
      return clock_.steady() >= strand.until;
    case Strand::State::Idle:
      return clock_.steady() >= strand.until || strand.stirred != stirred_;
    case Strand::State::Waiting:
      return clock_.steady() >= strand.until || strand.holds();
    case Strand::State::Ended:
      return false;
  }
  return false;
}

bool Fibers::step() {
  std::vector<Strand*> able;
  for (auto const& strand : strands_)
    if (can_go_on(*strand)) able.push_back(strand.get());
  if (able.empty()) return false;
  switch_to(*able[random_.next() % able.size()]);
  forget_ended();
  return true;
}

SteadyTime Fibers::next_wake() const {
  SteadyTime next = SteadyTime::max();
  for (auto const& strand : strands_)
    next = std::min(next, can_go_on(*strand) ? clock_.steady() : strand->until);
  return next;
}

void Fibers::drop(std::string const& group) {
  drop_if([&](Strand const& strand) { return strand.group == group; });
}

void Fibers::drop(Id id) {
  drop_if([&](Strand const& strand) { return strand.id == id && strand.state != Strand::State::Ended; });
}

/// The running strand's own step does it later, or that of whoever drops it.
void Fibers::forget_ended() {
  if (running_ == nullptr)
    std::erase_if(strands_, [](auto const& strand) { return strand->state == Strand::State::Ended; });
}

void Fibers::drop_if(std::function<bool(Strand const&)> const& which) {
  for (std::size_t i = 0; i < strands_.size(); ++i) {
    if (!which(*strands_[i])) continue;
    strands_[i]->dropped = true;
    switch_to(*strands_[i]);
  }
  forget_ended();
}

void Fibers::switch_to(Strand& strand) {
  strand.state = Strand::State::Ready;
  Strand* const before = std::exchange(running_, &strand);
  strand.in.leave(static_cast<char*>(strand.stack.sp) - strand.stack.size, strand.stack.size);
  strand.fiber = std::move(strand.fiber).resume();
  strand.in.arrive();
  running_ = before;
}

void Fibers::switch_back() {
  check(running_ != nullptr, "only a strand can wait");
  check(locks_held() == 0, "a lock is held across an outside call");
  Strand& self = *running_;
  if (self.dropped) {  // a destructor that calls out while its strand unwinds goes on at once
    if (std::uncaught_exceptions() > 0) return;
    throw Dropped{};
  }
  self.out.leave(self.caller_bottom, self.caller_size);
  self.caller = std::move(self.caller).resume();
  self.out.arrive(&self.caller_bottom, &self.caller_size);
  if (self.dropped) throw Dropped{};
}

std::string const& Fibers::current() const {
  static std::string const kOutside = "world";
  return running_ == nullptr ? kOutside : running_->name;
}

void Fibers::yield() {
  stir();
  switch_back();
}

void Fibers::sleep(Duration by) {
  stir();
  running_->state = Strand::State::Sleeping;
  running_->until = clock_.steady() + by;
  switch_back();
}

void Fibers::wait_for_work(SteadyTime until) {
  running_->state = Strand::State::Idle;
  running_->until = until;
  running_->stirred = stirred_;
  switch_back();
}

void Fibers::wait_for(std::function<bool()> holds, SteadyTime until) {
  running_->state = Strand::State::Waiting;
  running_->until = until;
  running_->holds = std::move(holds);
  switch_back();
}

}  // namespace trainyard::sim
