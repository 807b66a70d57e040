#include "line_ends.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice::file {

namespace {

size_t one_by_one(const char* data, uint32_t begin, uint32_t end, std::span<uint32_t> out) {
  size_t count = 0;
  while (count < out.size()) {
    const void* newline = std::memchr(data + begin, '\n', end - begin);
    if (!newline) break;
    begin = static_cast<uint32_t>(static_cast<const char*>(newline) - data + 1);
    out[count++] = begin;
  }
  return count;
}

#if defined(__x86_64__)

// 64 bytes a step. Most steps of ordinary text have no newline or one, and which is anybody's guess: so the
// first is written in any case, and counts only when it is there.
__attribute__((target("avx2,bmi,popcnt"))) size_t by_avx2(const char* data, uint32_t begin, uint32_t end,
                                                          std::span<uint32_t> out) {
  const __m256i newline = _mm256_set1_epi8('\n');
  const auto newlines_at = [&](uint32_t at) __attribute__((target("avx2,bmi,popcnt"))) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at));
    return static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, newline)));
  };
  size_t count = 0;
  for (; end - begin >= 64; begin += 64) {
    uint64_t found = newlines_at(begin) | static_cast<uint64_t>(newlines_at(begin + 32)) << 32;
    const auto more = static_cast<size_t>(__builtin_popcountll(found));
    // `out` may end within these 64 bytes: the slow way counts.
    if (count + more >= out.size()) break;
    out[count] = begin + static_cast<uint32_t>(_tzcnt_u64(found)) + 1;
    for (size_t i = 1; i < more; ++i) {
      found &= found - 1;
      out[count + i] = begin + static_cast<uint32_t>(_tzcnt_u64(found)) + 1;
    }
    count += more;
  }
  return count + one_by_one(data, begin, end, out.subspan(count));
}

using Finder = size_t (*)(const char*, uint32_t, uint32_t, std::span<uint32_t>);
const Finder finder =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")
        ? &by_avx2
        : &one_by_one;

#else

constexpr auto finder = &one_by_one;

#endif

}  // namespace

size_t find_line_ends(const char* data, uint32_t begin, uint32_t end, std::span<uint32_t> out) {
  return finder(data, begin, end, out);
}

}  // namespace sluice::file
