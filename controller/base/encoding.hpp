// Digests and text encodings (OpenSSL underneath).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.hpp"

namespace trainyard {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string md5(std::string_view bytes);     // 16 raw bytes, for Content-MD5 only
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string hex(std::string_view bytes);     // lower case
std::string base64(std::string_view bytes);  // with padding
Result<std::string> base64_decode(std::string_view text);  // with or without padding; also the URL alphabet
std::string base64url(std::string_view bytes);             // no padding
std::string base32_lower(std::string_view bytes);          // RFC 4648 alphabet in lower case, no padding
std::string percent_encode(std::string_view text);  // all but RFC 3986 unreserved; for one path segment or query value
std::string percent_decode(std::string_view text);  // bad escapes stay as they are
/// SHA-256 over the parts, each preceded by its length as 8 bytes big-endian, so that no two lists collide.
std::string sha256_of_parts(std::vector<std::string_view> const& parts);

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256 const&) = delete;
  Sha256& operator=(Sha256 const&) = delete;
  void add(std::string_view bytes);
  std::string finish();  // 32 raw bytes; once

 private:
  void* state_;
};

}  // namespace trainyard
