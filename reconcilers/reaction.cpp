#include "reconcilers/reaction.hpp"

namespace trainyard::reconcilers {

Reaction react(Error const& error) {
  switch (error.kind) {
    case ErrorKind::Invalid: return Reaction::Own;
    case ErrorKind::NotFound:
    case ErrorKind::Unauthorized:
    case ErrorKind::Forbidden:
    case ErrorKind::Quota: return Reaction::Surroundings;
    case ErrorKind::Throttled: return Reaction::Throttled;
    case ErrorKind::Conflict:
    case ErrorKind::Transient:
    case ErrorKind::Canceled: return Reaction::Transient;
    case ErrorKind::Internal: return Reaction::Bug;
  }
  return Reaction::Bug;
}

Duration surroundings_delay(Duration previous) {
  using std::chrono::minutes;
  for (Duration const step : {Duration(minutes(1)), Duration(minutes(5)), Duration(minutes(15))})
    if (previous < step) return step;
  return minutes(60);
}

}  // namespace trainyard::reconcilers
