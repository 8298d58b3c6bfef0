#include "controller/cli/stop_signals.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "controller/base/result.hpp"

namespace trainyard::cli {

namespace {

// A handler can reach nothing but globals.
std::atomic<int> first_signal = 0;
std::atomic<int> wakeup = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void wake() {
  std::uint64_t const one = 1;
  [[maybe_unused]] ssize_t const written = ::write(wakeup, &one, sizeof(one));  // fails only if it is set
}

extern "C" void on_stop_signal(int number) {
  int const error = errno;
  int none = 0;
  first_signal.compare_exchange_strong(none, number);
  wake();
  errno = error;
}

extern "C" void on_broken_pipe(int) {}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = handler == SIG_DFL ? 0 : SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  check(wakeup >= 0, "no eventfd is to be had");
  handle(SIGTERM, on_stop_signal);
  handle(SIGINT, on_stop_signal);
  handle(SIGPIPE, on_broken_pipe);
  waiter_ = std::jthread([this](std::stop_token const& end) {
    std::stop_callback const stirred(end, wake);
    while (!end.stop_requested()) {
      pollfd waited{wakeup, POLLIN, 0};
      ::poll(&waited, 1, -1);
      std::uint64_t count = 0;
      [[maybe_unused]] ssize_t const got = ::read(wakeup, &count, sizeof(count));
      if (first_signal != 0) stop_.request_stop();
    }
  });
}

StopSignals::~StopSignals() {
  waiter_.request_stop();
  waiter_.join();
  for (int const number : {SIGTERM, SIGINT, SIGPIPE}) handle(number, SIG_DFL);
  ::close(wakeup.exchange(-1));
}

int StopSignals::signal() const { return first_signal; }

}  // namespace trainyard::cli
