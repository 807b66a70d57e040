// Frames for staging tests: well-formed, sealed, with contents that follow from stream and sequence, so that
// a reader can tell every byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "sluice/batch/frame_assembler.hpp"
#include "sluice/batch/frame_storage.hpp"
#include "sluice/batch/seal.hpp"

namespace sluice::staging {

// Bytes of the smallest frame; any multiple of 64 above it is possible.
inline constexpr uint64_t smallest_frame = 320;

// JSON that tells the frame it came with, for frames that bring a checkpoint. Any frame has room for it.
inline std::string checkpoint_of(uint32_t stream, uint64_t sequence) {
  return "{\"stream\":" + std::to_string(stream) + ",\"at\":" + std::to_string(sequence) + "}";
}

// Writes a frame of `bytes` (a multiple of 64, at least smallest_frame) with one record. The checkpoint has
// at most 56 bytes.
inline void write_frame(std::span<std::byte> room, uint32_t stream, uint64_t sequence, uint64_t bytes,
                        std::string_view checkpoint = {}) {
  const uint64_t begin = sizeof(sluice_frame_header) + sizeof(sluice_frame_column);
  const uint32_t offsets[2] = {0, static_cast<uint32_t>(bytes - begin - 64)};
  // One pseudo-random word repeated with its place: cheap, and different everywhere.
  const uint64_t word = (sequence + 1) * 0x9E3779B97F4A7C15u ^ stream;
  uint64_t at = 0;
  for (; at + 8 <= offsets[1]; at += 8) {
    const uint64_t value = word + at;
    std::memcpy(room.data() + begin + at, &value, 8);
  }
  for (; at < offsets[1]; ++at) room[begin + at] = static_cast<std::byte>(at);
  sluice::detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 1);
  sluice_frame_column value{};
  value.role = SLUICE_COLUMN_VALUE;
  value.type = SLUICE_TYPE_BINARY;
  value.data = frame.place(begin, offsets[1]);
  value.offsets = frame.put(offsets, sizeof offsets);
  frame.set_column(0, value);
  frame.header().checkpoint = frame.put_text(checkpoint);
  frame.header().record_count = 1;
  frame.header().payload_bytes = offsets[1];
  frame.finish();
  seal_frame(room.first(bytes), sequence, 0, 0);
}

inline bool is_frame(std::span<const std::byte> frame, uint32_t stream, uint64_t sequence, uint64_t bytes,
                     std::string_view checkpoint = {}) {
  FrameBytes expected(bytes);
  write_frame(expected, stream, sequence, bytes, checkpoint);
  return frame.size() == bytes && std::memcmp(frame.data(), expected.data(), bytes) == 0;
}

// Sizes that both sides compute alike: mostly ordinary, some tiny, some several times a batch.
class FrameSizes {
 public:
  FrameSizes(uint32_t seed, uint64_t usual, uint64_t largest)
      : random_(seed), usual_(usual), largest_(largest) {}
  uint64_t next() {
    const uint32_t kind = random_() % 16;
    uint64_t bytes = kind == 0 ? usual_ + random_() % (largest_ - usual_ + 1) : random_() % (usual_ + 1);
    return std::max(smallest_frame, bytes / 64 * 64);
  }

 private:
  std::mt19937 random_;
  uint64_t usual_, largest_;
};

}  // namespace sluice::staging
