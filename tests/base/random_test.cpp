#include "controller/base/random.hpp"

#include <set>

#include <boost/test/unit_test.hpp>

using namespace trainyard;

BOOST_AUTO_TEST_SUITE(random_numbers)

// Source: the reference implementation of splitmix64, seed 1234567.
BOOST_AUTO_TEST_CASE(a_seed_gives_the_known_numbers) {
  SeededRandom random(1234567);
  for (std::uint64_t const expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL, 4593380528125082431ULL})
    BOOST_TEST(random.next() == expected);
}

BOOST_AUTO_TEST_CASE(the_system_gives_others_each_time) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random.next());
  BOOST_TEST(seen.size() == 100U);
}

BOOST_AUTO_TEST_CASE(uuids_of_version_4) {
  SeededRandom random(3);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    std::string const id = uuid4(random);
    BOOST_REQUIRE(id.size() == 36U);
    for (std::size_t at = 0; at < id.size(); ++at) {
      bool const dash = at == 8 || at == 13 || at == 18 || at == 23;
      BOOST_REQUIRE(
          (dash ? id[at] == '-' : std::string("0123456789abcdef").find(id[at]) != std::string::npos));
    }
    BOOST_REQUIRE(id[14] == '4');
    BOOST_REQUIRE(std::string("89ab").find(id[19]) != std::string::npos);
    seen.insert(id);
  }
  BOOST_TEST(seen.size() == 200U);
  SeededRandom again(3);
  BOOST_TEST(seen.contains(uuid4(again)));
}

BOOST_AUTO_TEST_SUITE_END()
