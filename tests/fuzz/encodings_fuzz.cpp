// Digests' and keys' encodings, gzip of answers, and text that is none.
#include "controller/base/encoding.hpp"
#include "controller/base/gzip.hpp"
#include "controller/base/json.hpp"
#include "controller/base/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {
constexpr std::size_t kMostUnpacked = std::size_t{64} << 10U;
constexpr std::size_t kMostReadable = 100;
}  // namespace

void encodings(std::string_view input) {
  for (std::string const& text : {base64(input), base64url(input)}) {
    Result<std::string> const decoded = base64_decode(text);
    require(decoded && *decoded == input, "base64 decodes to what was encoded", text);
  }
  if (Result<std::string> const decoded = base64_decode(input)) {
    Result<std::string> const again = base64_decode(base64(*decoded));
    require(again && *again == *decoded, "what base64 holds can be encoded", input);
  }
  require(percent_decode(percent_encode(input)) == input, "percent-encoding decodes to what was encoded");
  require(percent_decode(input).size() <= input.size(), "percent-decoding makes nothing longer", input);
  require(hex(input).size() == 2 * input.size() && base32_lower(input).size() == (input.size() * 8 + 4) / 5,
          "hex and base32 are as long as they should be");

  std::string const text = readable(input);
  Result<Json> const in_json = Json::parse(Json(text).dump());
  require(in_json && in_json->string_or("") == text, "what is readable is UTF-8", text);
  require(readable(text) == text, "what is readable stays as it is", text);
  require(readable(input, kMostReadable).size() <= kMostReadable + 3, "what is cut is short", text);

  if (Result<std::string> const unpacked = gunzip(input, kMostUnpacked))
    require(unpacked->size() <= kMostUnpacked, "gzip fills no more memory than it may");
}

}  // namespace trainyard::fuzz
