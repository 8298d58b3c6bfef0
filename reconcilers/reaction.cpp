#include "reconcilers/reaction.hpp"

namespace trainyard::reconcilers {

Reaction react(Error const& error) {
  switch (error.kind) {
    case ErrorKind::Invalid:
      return Reaction::Own;
    case ErrorKind::NotFound:
    case ErrorKind::Unauthorized:
    case ErrorKind::Forbidden:
    case ErrorKind::Quota:
      return Reaction::Surroundings;
    case ErrorKind::Throttled:
      return Reaction::Throttled;
    case ErrorKind::Conflict:
    case ErrorKind::Transient:
    case ErrorKind::Canceled:
      return Reaction::Transient;
    case ErrorKind::Internal:
      return Reaction::Bug;
  }
  return Reaction::Bug;
}

Duration surroundings_delay(std::int64_t setbacks) {
  using std::chrono::minutes;
  switch (setbacks) {
    case 0:
      return minutes(1);
    case 1:
      return minutes(5);
    case 2:
      return minutes(15);
    default:
      return minutes(60);
  }
}

}  // namespace trainyard::reconcilers
