#include "tests/sim/locks.hpp"

#include <pthread.h>

namespace {
thread_local int held = 0;
}

namespace trainyard::sim {
int locks_held() { return held; }
}  // namespace trainyard::sim

extern "C" {
int __real_pthread_mutex_lock(pthread_mutex_t* mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t* mutex);

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  int const result = __real_pthread_mutex_lock(mutex);
  if (result == 0) ++held;
  return result;
}
int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) {
  int const result = __real_pthread_mutex_unlock(mutex);
  if (result == 0) --held;
  return result;
}
}
