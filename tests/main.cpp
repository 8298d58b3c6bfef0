#define BOOST_TEST_MODULE trainyard
#include <boost/test/unit_test.hpp>
