#include "controller/base/result.hpp"

#include <stdexcept>

namespace trainyard {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound: return "NotFound";
    case ErrorKind::Conflict: return "Conflict";
    case ErrorKind::Throttled: return "Throttled";
    case ErrorKind::Transient: return "Transient";
    case ErrorKind::Unauthorized: return "Unauthorized";
    case ErrorKind::Forbidden: return "Forbidden";
    case ErrorKind::Quota: return "Quota";
    case ErrorKind::Invalid: return "Invalid";
    case ErrorKind::Canceled: return "Canceled";
    case ErrorKind::Internal: return "Internal";
  }
  return "Internal";
}

Error Error::while_doing(std::string_view what) const {
  Error told = *this;
  told.message = std::string(what) + ": " + message;
  return told;
}

void check(bool condition, char const* what) {
  if (!condition) throw std::logic_error(what);
}

}  // namespace trainyard
