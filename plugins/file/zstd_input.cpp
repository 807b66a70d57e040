#include <zstd.h>

#include <optional>

#include "byte_input.hpp"
#include "file_error.hpp"

namespace sluice::file {

namespace {

// Frames one behind another.
class ZstdInput final : public CompressedInput {
 public:
  ZstdInput(std::string path, UniqueFd fd, uint64_t bytes)
      : CompressedInput(std::move(path), std::move(fd), bytes), stream_(ZSTD_createDStream()) {
    if (!stream_)
      throw Error(ErrorClass::system, "E_OUT_OF_MEMORY", "no memory to decompress " + path_, path_);
  }
  ~ZstdInput() override { ZSTD_freeDStream(stream_); }
  ZstdInput(const ZstdInput&) = delete;
  ZstdInput& operator=(const ZstdInput&) = delete;

  size_t read(char* to, size_t size) override {
    if (failure_) throw *failure_;
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos < out.size && !failure_) {
      const std::string_view window_now = window();
      if (window_now.empty() && !inside_) break;
      // At the end of the file the decoder may still hold content that it has not given.
      ZSTD_inBuffer in{window_now.data(), window_now.size(), 0};
      const size_t before = out.pos;
      const size_t status = ZSTD_decompressStream(stream_, &out, &in);
      take(in.pos);
      if (ZSTD_isError(status)) {
        failure_ = damaged_error(path_, consumed(), ZSTD_getErrorName(status));
      } else {
        inside_ = status != 0;
        if (window_now.empty() && inside_ && out.pos == before)
          failure_ = damaged_error(path_, consumed(), "it ends in the middle of a zstd frame");
      }
    }
    if (out.pos == 0 && failure_) throw *failure_;
    return out.pos;
  }

 private:
  ZSTD_DStream* const stream_;
  bool inside_ = false;  // a frame has begun and not ended
  std::optional<Error> failure_;
};

}  // namespace

std::unique_ptr<ByteInput> make_zstd_input(std::string path, UniqueFd fd, uint64_t bytes) {
  return std::make_unique<ZstdInput>(std::move(path), std::move(fd), bytes);
}

}  // namespace sluice::file
