// Fuzz targets: one function for each parser of outside input. What calls them is driver.cpp (every preset:
// the corpus and mutations from a fixed seed) or libFuzzer (preset fuzz).
#pragma once

#include <string>
#include <string_view>

namespace trainyard::fuzz {

using Target = void (*)(std::string_view input);

/// The target of that name; ends the process, with the names there are, if there is none.
Target find_target(std::string_view name);

/// The target that the arguments name by --target=NAME.
Target target_of(int argc, char** argv);

/// Ends the process when the property does not hold; `shown` is what does not have it.
void require(bool holds, std::string_view property, std::string_view shown = "");

}  // namespace trainyard::fuzz
