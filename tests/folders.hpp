// Where a test finds what it reads and starts.
#pragma once

#include <string>

namespace trainyard {

std::string source_folder();  // of the repository
std::string build_folder();   // programs are in its bin/

}  // namespace trainyard
