#include "controller/base/text.hpp"

#include <boost/test/unit_test.hpp>

namespace trainyard {

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(what_is_utf8_stays_and_what_is_not_is_replaced) {
  BOOST_TEST(readable("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80") ==
             "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
  std::string const no = "\xEF\xBF\xBD";
  BOOST_TEST(readable("a\xFFz") == "a" + no + "z");
  BOOST_TEST(readable("\xC0\xAF") == no + no);                    // overlong
  BOOST_TEST(readable("\xED\xA0\x80") == no + no + no);           // half of a pair
  BOOST_TEST(readable("\xE2\x82") == no + no);                    // cut short
  BOOST_TEST(readable("\xF4\x90\x80\x80") == no + no + no + no);  // beyond the last character
}

BOOST_AUTO_TEST_CASE(control_characters_are_left_out) {
  BOOST_TEST(readable(std::string_view("a\x1B[2J\tb\r\nc\0\x7F", 12)) == "a[2J\tb\nc");
}

BOOST_AUTO_TEST_CASE(the_limit_cuts_no_character_in_two) {
  BOOST_TEST(readable("abc", 2) == "ab");
  BOOST_TEST(readable("a\xE2\x82\xAC z", 2) == "a\xE2\x82\xAC");
}

BOOST_AUTO_TEST_CASE(numbers_are_short) {
  BOOST_TEST(short_number(0.97115384615384615, 4) == "0.9712");
  BOOST_TEST(short_number(1e-5, 4) == "1e-05");
  BOOST_TEST(short_number(3, 4) == "3");
  BOOST_TEST(short_number(0.1 + 0.2, 6) == "0.3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard
