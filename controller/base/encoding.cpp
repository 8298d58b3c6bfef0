#include "controller/base/encoding.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace trainyard {

namespace {

std::string digest(EVP_MD const* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  check(EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, kind, nullptr) == 1, "a digest failed");
  return {reinterpret_cast<char const*>(out.data()), length};
}

std::string base64_with(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::size_t const left = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = (group << 8U) | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= left)
        out += alphabet[(group >> (18U - 6U * k)) & 63U];
      else if (pad)
        out += '=';
    }
  }
  return out;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest(EVP_sha256(), bytes); }
std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<unsigned char const*>(bytes.data()),
             bytes.size(), out.data(), &length) != nullptr,
        "an HMAC failed");
  return {reinterpret_cast<char const*>(out.data()), length};
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (char c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string base64(std::string_view bytes) { return base64_with(bytes, kBase64, true); }
std::string base64url(std::string_view bytes) { return base64_with(bytes, kBase64Url, false); }

Result<std::string> base64_decode(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  unsigned group = 0;
  unsigned bits = 0;
  for (char c : text) {
    std::size_t at = kBase64.find(c);
    if (at == std::string_view::npos) at = kBase64Url.find(c);
    if (at == std::string_view::npos)
      return Error{.kind = ErrorKind::Invalid, .reason = "InvalidBase64", .message = "no base64: a character outside its alphabet"};
    group = (group << 6U) | static_cast<unsigned>(at);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((group >> bits) & 255U);
    }
  }
  if (bits >= 6) return Error{.kind = ErrorKind::Invalid, .reason = "InvalidBase64", .message = "no base64: it is cut short"};
  return out;
}

std::string base32_lower(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  unsigned group = 0;
  unsigned bits = 0;
  for (char c : bytes) {
    group = (group << 8U) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += kAlphabet[(group >> bits) & 31U];
    }
  }
  if (bits > 0) out += kAlphabet[(group << (5U - bits)) & 31U];
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string sha256_of_parts(std::vector<std::string_view> const& parts) {
  Sha256 digest_of;
  for (std::string_view const part : parts) {
    std::string length;
    for (int shift = 56; shift >= 0; shift -= 8)
      length += static_cast<char>((static_cast<std::uint64_t>(part.size()) >> static_cast<unsigned>(shift)) & 255U);
    digest_of.add(length);
    digest_of.add(part);
  }
  return digest_of.finish();
}

Sha256::Sha256() : state_(EVP_MD_CTX_new()) {
  check(state_ != nullptr && EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_sha256(), nullptr) == 1,
        "a digest failed");
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_)); }

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), bytes.data(), bytes.size()) == 1, "a digest failed");
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  check(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), out.data(), &length) == 1, "a digest failed");
  return {reinterpret_cast<char const*>(out.data()), length};
}

}  // namespace trainyard
