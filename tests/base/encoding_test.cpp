#include "controller/base/encoding.hpp"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace trainyard;

namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

// Source: RFC 4648, section 10.
struct Rfc4648 {
  std::string bytes, base64, base32;
};
std::ostream& operator<<(std::ostream& out, Rfc4648 const& c) { return out << c.bytes; }
Rfc4648 const kRfc4648[] = {
    {"", "", ""},
    {"f", "Zg==", "my"},
    {"fo", "Zm8=", "mzxq"},
    {"foo", "Zm9v", "mzxw6"},
    {"foob", "Zm9vYg==", "mzxw6yq"},
    {"fooba", "Zm9vYmE=", "mzxw6ytb"},
    {"foobar", "Zm9vYmFy", "mzxw6ytboi"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(encoding)

// Source: FIPS 180-4 examples, RFC 1321 appendix A.5, RFC 4231 cases 1, 2 and 6.
BOOST_AUTO_TEST_CASE(digests) {
  BOOST_TEST(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex(md5("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
  BOOST_TEST(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  BOOST_TEST(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(
      hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

BOOST_AUTO_TEST_CASE(digest_in_pieces) {
  Sha256 pieces;
  for (char const c : std::string("abc")) pieces.add(std::string_view(&c, 1));
  pieces.add("");
  BOOST_TEST(pieces.finish() == sha256("abc"));
}

BOOST_AUTO_TEST_CASE(no_two_lists_of_parts_collide) {
  std::string const one_part("\0\0\0\0\0\0\0\1a", 9);
  BOOST_TEST(sha256_of_parts({"a"}) == sha256(one_part));
  std::vector<std::vector<std::string_view>> const lists{{},         {""},       {"", ""},  {"ab"},
                                                         {"a", "b"}, {"", "ab"}, {one_part}};
  for (std::size_t i = 0; i < lists.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) BOOST_TEST(sha256_of_parts(lists[i]) != sha256_of_parts(lists[k]));
}

BOOST_DATA_TEST_CASE(base_64_and_32, data::make(kRfc4648), c) {
  BOOST_TEST(base64(c.bytes) == c.base64);
  BOOST_TEST(base64_decode(c.base64).value() == c.bytes);
  std::string const bare = c.base64.substr(0, c.base64.find('='));
  BOOST_TEST(base64url(c.bytes) == bare);
  BOOST_TEST(base64_decode(bare).value() == c.bytes);
  BOOST_TEST(base32_lower(c.bytes) == c.base32);
}

BOOST_AUTO_TEST_CASE(base64_of_all_bytes) {
  BOOST_TEST(base64_decode(base64(all_bytes())).value() == all_bytes());
  BOOST_TEST(base64_decode(base64url(all_bytes())).value() == all_bytes());
  BOOST_TEST(base64("\xfb\xff") == "+/8=");
  BOOST_TEST(base64url("\xfb\xff") == "-_8");
}

BOOST_AUTO_TEST_CASE(no_base64) {
  for (std::string const text : {"A", "Zm9vY", "Zm9v YmFy", "Zm9v\n", "Zg==Zg==", "Zm9v!"}) {
    auto const decoded = base64_decode(text);
    BOOST_REQUIRE(!decoded);
    BOOST_TEST(to_string(decoded.error().kind) == "Invalid");
    BOOST_TEST(decoded.error().reason == "InvalidBase64");
  }
}

BOOST_AUTO_TEST_CASE(percent) {
  BOOST_TEST(percent_encode("AZaz09-._~") == "AZaz09-._~");
  BOOST_TEST(percent_encode("a b/c?d=e&f+%\xc3\xa4") == "a%20b%2Fc%3Fd%3De%26f%2B%25%C3%A4");
  BOOST_TEST(percent_decode(percent_encode(all_bytes())) == all_bytes());
  BOOST_TEST(percent_decode("%41%4a%4A%zz%4%") == "AJJ%zz%4%");
  BOOST_TEST(percent_decode("a+b") == "a+b");
  BOOST_TEST(percent_decode("%2541") == "%41");
}

BOOST_AUTO_TEST_CASE(hexadecimal) { BOOST_TEST(hex(std::string("\x00\x7f\x80\xff", 4)) == "007f80ff"); }

BOOST_AUTO_TEST_SUITE_END()
