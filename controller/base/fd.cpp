#include "controller/base/fd.hpp"

#include <unistd.h>

namespace trainyard {

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

}  // namespace trainyard
