// How far a writer runs ahead of its reader where nobody asks for more.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::staging {

// Frames of `frame_bytes` between the two: enough to keep both busy, few enough to be in the processor's
// cache when the reader comes to them. Small ones may be more, so that a wake-up moves more than a few
// kilobytes.
constexpr uint64_t working_set_frames(uint64_t frame_bytes) {
  constexpr uint64_t bytes = uint64_t{4} << 20, fewest = 4, most = 64;
  return std::clamp(bytes / std::max<uint64_t>(frame_bytes, 1), fewest, most);
}

}  // namespace sluice::staging
