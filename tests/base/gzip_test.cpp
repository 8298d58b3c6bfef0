#include "controller/base/gzip.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/base/gzipped.hpp"
#include "tests/base/why.hpp"

using namespace trainyard;
using namespace trainyard::test;

namespace {

void check_refused(std::string const& bytes, std::size_t max_bytes, std::string const& reason) {
  Result<std::string> const text = gunzip(bytes, max_bytes);
  BOOST_REQUIRE(!text);
  BOOST_TEST(to_string(text.error().kind) == "Invalid");
  BOOST_TEST(text.error().reason == reason, text.error().message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gzip)

BOOST_AUTO_TEST_CASE(whole_streams) {
  std::string const text(300'000, 'x');
  BOOST_TEST((gunzip(gzipped(text), text.size()).value() == text));
  BOOST_TEST(gunzip(gzipped(""), 0).value().empty());
}

BOOST_AUTO_TEST_CASE(more_than_allowed) {
  std::string const bomb = gzipped(std::string(std::size_t{20} << 20U, '\0'));
  BOOST_TEST(bomb.size() < 100'000U);
  check_refused(bomb, 1000, "TooLarge");
  check_refused(gzipped("ab"), 1, "TooLarge");
}

BOOST_AUTO_TEST_CASE(cut_short_or_damaged) {
  std::string const good = gzipped("some text, some text");
  for (std::size_t size = 0; size < good.size(); ++size) check_refused(good.substr(0, size), 1000, "BadGzip");
  std::string damaged = good;
  damaged[good.size() - 5] ^= 1;  // its checksum
  check_refused(damaged, 1000, "BadGzip");
  check_refused(good + "x", 1000, "BadGzip");
  check_refused("no gzip at all", 1000, "BadGzip");
}

BOOST_AUTO_TEST_SUITE_END()
