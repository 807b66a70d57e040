// Sequence and checksum of a frame. Needs xxHash (link it); only the host, staging and tools include it.
#pragma once

#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
// The library chooses AVX2 or AVX-512 where the processor has it: about twice the speed of what a baseline
// build inlines.
#include <xxh_x86dispatch.h>
#endif

#include <cstddef>
#include <cstring>
#include <span>

#include "sluice/abi/frame.h"
#include "sluice/error.hpp"

namespace sluice {

// The checksum field is the last one of the header, so the hash needs no copy: the header before it gives the
// seed for the hash of everything behind it.
inline uint64_t frame_checksum(std::span<const std::byte> frame) {
  constexpr size_t header = offsetof(sluice_frame_header, checksum);
  static_assert(header + sizeof(uint64_t) == sizeof(sluice_frame_header));
  uint64_t seed = XXH3_64bits(frame.data(), header);
  return XXH3_64bits_withSeed(frame.data() + sizeof(sluice_frame_header),
                              frame.size() - sizeof(sluice_frame_header), seed);
}

// Stamps what only the host knows and closes the frame. `frame` has passed check_frame.
inline void seal_frame(std::span<std::byte> frame, uint64_t sequence, uint32_t rejected, uint32_t filtered) {
  sluice_frame_header header;
  std::memcpy(&header, frame.data(), sizeof header);
  header.sequence = sequence;
  header.rejected = rejected;
  header.filtered = filtered;
  header.checksum = 0;
  std::memcpy(frame.data(), &header, sizeof header);
  header.checksum = frame_checksum(frame);
  std::memcpy(frame.data(), &header, sizeof header);
}

inline Status verify_frame(std::span<const std::byte> frame) {
  sluice_frame_header header;
  if (frame.size() < sizeof header) return Error(ErrorClass::damaged, "E_FRAME_DAMAGED", "frame is cut off");
  std::memcpy(&header, frame.data(), sizeof header);
  if (header.checksum == frame_checksum(frame)) return {};
  return Error(ErrorClass::damaged, "E_FRAME_DAMAGED",
               "checksum of frame " + std::to_string(header.sequence) + " does not match its bytes");
}

}  // namespace sluice
