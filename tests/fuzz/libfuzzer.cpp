// libFuzzer's seam. It leaves flags that begin with "--" to the target.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.hpp"

namespace {
trainyard::fuzz::Target target = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  target = trainyard::fuzz::target_of(*argc, *argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  target({reinterpret_cast<char const*>(data), size});
  return 0;
}
