// A file descriptor with an owner.
#pragma once

#include <utility>

namespace trainyard {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(Fd const&) = delete;
  Fd& operator=(Fd const&) = delete;
  ~Fd();
  explicit operator bool() const { return number_ >= 0; }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

}  // namespace trainyard
