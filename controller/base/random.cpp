#include "controller/base/random.hpp"

#include <sys/random.h>

#include <cstdio>

#include "controller/base/result.hpp"

namespace trainyard {

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  check(::getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value), "getrandom failed");
  return value;
}

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

std::string uuid4(Random& random) {
  std::uint64_t const high = (random.next() & ~0xf000ULL) | 0x4000ULL;
  std::uint64_t const low = (random.next() & ~(3ULL << 62U)) | (2ULL << 62U);
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32U),
                static_cast<unsigned>((high >> 16U) & 0xffffU), static_cast<unsigned>(high & 0xffffU),
                static_cast<unsigned>(low >> 48U), static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

}  // namespace trainyard
