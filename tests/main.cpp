#define BOOST_TEST_MODULE trainyard
#include <boost/test/unit_test.hpp>

#include "tests/folders.hpp"

namespace trainyard {

// The one file that knows them, so that clones share what they compile of the others.
std::string source_folder() { return TRAINYARD_SOURCE_DIR; }
std::string build_folder() { return TRAINYARD_BINARY_DIR; }

}  // namespace trainyard
