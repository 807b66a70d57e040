#include <zlib.h>

#include <algorithm>
#include <optional>

#include "byte_input.hpp"
#include "file_error.hpp"

namespace sluice::file {

namespace {

// Members one behind another, as `cat a.gz b.gz` makes them.
class GzipInput final : public CompressedInput {
 public:
  GzipInput(std::string path, UniqueFd fd, uint64_t bytes)
      : CompressedInput(std::move(path), std::move(fd), bytes) {
    constexpr int largest_window_gzip_only = 15 + 16;
    if (inflateInit2(&stream_, largest_window_gzip_only) != Z_OK)
      throw Error(ErrorClass::system, "E_OUT_OF_MEMORY", "no memory to decompress " + path_, path_);
  }
  ~GzipInput() override { inflateEnd(&stream_); }
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  size_t read(char* to, size_t size) override {
    if (failure_) throw *failure_;
    size_t filled = 0;
    while (filled < size && !failure_) {
      const std::string_view in = window();
      if (in.empty()) {
        if (inside_) failure_ = damaged_error(path_, consumed(), "it ends in the middle of a gzip member");
        break;
      }
      inside_ = true;
      const size_t room = std::min<size_t>(size - filled, size_t{1} << 30);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib reads only
      stream_.avail_in = static_cast<uInt>(in.size());
      stream_.next_out = reinterpret_cast<Bytef*>(to + filled);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      take(in.size() - stream_.avail_in);
      filled += room - stream_.avail_out;
      if (status == Z_STREAM_END) {
        inside_ = false;
        inflateReset(&stream_);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        failure_ = damaged_error(path_, consumed(), stream_.msg ? stream_.msg : "not gzip");
      }
    }
    if (filled == 0 && failure_) throw *failure_;
    return filled;
  }

 private:
  z_stream stream_{};
  bool inside_ = false;  // a member has begun and not ended
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteInput> make_gzip_input(std::string path, UniqueFd fd, uint64_t bytes) {
  return std::make_unique<GzipInput>(std::move(path), std::move(fd), bytes);
}

}  // namespace sluice::file
