#include "reconcilers/drivers/compute_driver.hpp"

#include <algorithm>
#include <array>

#include "reconcilers/drivers/aml_compute.hpp"

namespace trainyard::reconcilers {

bool ComputeDiff::in_place() const {
  return std::all_of(fields.begin(), fields.end(), [](Field const& field) { return field.in_place; });
}

ComputeDriver const* compute_driver(std::string_view block) {
  static std::array const kDrivers{&kAmlComputeDriver};  // written out: a linker may drop self-registration
  for (ComputeDriver const* driver : kDrivers)
    if (driver->block == block) return driver;
  return nullptr;
}

}  // namespace trainyard::reconcilers
