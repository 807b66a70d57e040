#include "compress.hpp"

#include <zlib.h>
#include <zstd.h>
#include <sluice/error.hpp>

#include <algorithm>

namespace sluice::file {

namespace {

Error failed(const std::string& what) {
  return Error(ErrorClass::system, "E_COMPRESS", "cannot compress: " + what);
}

void gzip(std::string_view text, std::string& out) {
  z_stream stream{};
  constexpr int level = 6, largest_window_gzip = 15 + 16, memory = 8;
  if (deflateInit2(&stream, level, Z_DEFLATED, largest_window_gzip, memory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw failed("no memory");
  const size_t begin = out.size();
  out.resize(begin + deflateBound(&stream, text.size()));
  size_t taken = 0, given = begin;
  int status = Z_OK;
  while (status == Z_OK) {  // zlib counts in 32 bits
    const size_t in = std::min<size_t>(text.size() - taken, size_t{1} << 30);
    const size_t room = std::min<size_t>(out.size() - given, size_t{1} << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data() + taken));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + given);
    stream.avail_out = static_cast<uInt>(room);
    status = deflate(&stream, taken + in == text.size() ? Z_FINISH : Z_NO_FLUSH);
    taken += in - stream.avail_in;
    given += room - stream.avail_out;
  }
  deflateEnd(&stream);
  out.resize(given);
  if (status != Z_STREAM_END) throw failed("zlib answers " + std::to_string(status));
}

void zstd(std::string_view text, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(text.size()));
  const size_t size =
      ZSTD_compress(out.data() + begin, out.size() - begin, text.data(), text.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size)) throw failed(ZSTD_getErrorName(size));
  out.resize(begin + size);
}

}  // namespace

void compress(Compression compression, std::string_view text, std::string& out) {
  if (compression == Compression::gzip)
    gzip(text, out);
  else
    zstd(text, out);
}

}  // namespace sluice::file
