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

Duration surroundings_delay(Duration stalled_for) {
  using std::chrono::minutes;
  if (stalled_for < minutes(1)) return minutes(1);
  if (stalled_for < minutes(6)) return minutes(5);
  if (stalled_for < minutes(21)) return minutes(15);
  return minutes(60);
}

}  // namespace trainyard::reconcilers
