// Randomness is passed in, so that a simulated world can be repeated from its seed.
#pragma once

#include <cstdint>
#include <string>

namespace trainyard {

struct Random {
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;  // safe to call from any thread
};

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;  // from the operating system's generator
};

/// splitmix64: the same seed gives the same numbers. Not for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

std::string uuid4(Random& random);

}  // namespace trainyard
