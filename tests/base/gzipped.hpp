// Text packed as a server would.
#pragma once

#include <string>

namespace trainyard::test {

std::string gzipped(std::string const& text);

}  // namespace trainyard::test
