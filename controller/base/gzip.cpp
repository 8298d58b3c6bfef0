#include "controller/base/gzip.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

namespace trainyard {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

struct Inflation {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzipOnly) == Z_OK;
  Inflation() = default;
  Inflation(Inflation const&) = delete;
  Inflation& operator=(Inflation const&) = delete;
  ~Inflation() {
    if (ready) inflateEnd(&stream);
  }
};

Error refused(char const* reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = reason, .message = std::move(message)};
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  Inflation inflation;
  if (!inflation.ready) return refused("BadGzip", "zlib could not be started");
  z_stream& stream = inflation.stream;
  std::string out;
  std::array<char, std::size_t{64} << 10U> piece;
  int state = Z_OK;
  while (state == Z_OK) {
    if (stream.avail_in == 0) {  // zlib counts in 32 bits
      auto const next = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30U);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(next);
      bytes.remove_prefix(next);
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    auto const got = piece.size() - stream.avail_out;
    if (out.size() + got > max_bytes)
      return refused("TooLarge", "the unpacked text is larger than " + std::to_string(max_bytes) + " bytes");
    out.append(piece.data(), got);
  }
  if (state != Z_STREAM_END || stream.avail_in > 0 || !bytes.empty())
    return refused("BadGzip", "the gzip stream is cut short or damaged");
  return out;
}

}  // namespace trainyard
