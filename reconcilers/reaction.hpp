// What an error means for an object: one function maps every error to its reaction (design, section 4).
#pragma once

#include <cstdint>

#include "controller/base/clock.hpp"
#include "controller/base/result.hpp"

namespace trainyard::reconcilers {

enum class Reaction {
  Own,           // the object's own fault: Stalled until its spec changes
  Surroundings,  // 403, quota, credential, workspace gone: Stalled, tried again after 1, 5, 15, then 60
                 // minutes
  Throttled,     // wait as told
  Transient,     // back off, with jitter
  Bug            // counted, retried slowly
};
Reaction react(Error const& error);

/// How a pass ends: when to look again if nothing happens here.
struct Outcome {
  enum class Next {
    Rest,     // nothing to do until something changes
    After,    // after `delay`
    Backoff,  // the queue's exponential backoff with jitter
    Soon      // something was written: look at once
  } next = Next::Rest;
  Duration delay{0};
  static Outcome rest() { return {}; }
  static Outcome after(Duration delay) { return {.next = Next::After, .delay = delay}; }
  static Outcome backoff() { return {.next = Next::Backoff}; }
  static Outcome soon() { return {.next = Next::Soon}; }
};

/// 1, 5, 15, then 60 minutes, by how many tries in a row have failed before.
Duration surroundings_delay(std::int64_t setbacks);

}  // namespace trainyard::reconcilers
