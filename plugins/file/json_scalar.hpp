// Numbers, words and escapes of JSON, checked where they stand: quick for the short ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::file {

// Bytes that may follow a number or word: blanks, and what ends a member or element.
inline bool ends_scalar(char c) {
  constexpr uint64_t blanks = uint64_t{1} << ' ' | 1u << '\t' | 1u << '\n' | 1u << '\r' | uint64_t{1} << ',';
  const auto byte = static_cast<unsigned char>(c);
  return byte < 64 ? (blanks >> byte & 1u) != 0 : (c == ']' || c == '}');
}

// Whether `word` and nothing more stands at `at`; one byte behind it is readable.
inline bool is_json_word(const char* at, std::string_view word) {
  return std::memcmp(at, word.data(), word.size()) == 0 && ends_scalar(at[word.size()]);
}

// Whether a number stands at `at`, of any size. A byte that belongs to no number must follow it somewhere.
bool is_json_number_of_any_length(const char* at);

// The length of the escape at `at`, whose first byte is a backslash; 0 when it is none, or half of a
// surrogate pair. Reads no further than a byte that cannot go on with it.
size_t json_escape_length(const char* at);

// The same as is_json_number_of_any_length(); 20 bytes from `at` on are readable.
inline bool is_json_number(const char* at) {
#if defined(__SSE2__)
  // Sixteen bytes at once show where digits end; what has no exponent and fits is decided by them.
  const char* const first = at + (*at == '-' ? 1 : 0);
  const __m128i values =
      _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(first)), _mm_set1_epi8('0'));
  const __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
  const uint32_t others = ~static_cast<uint32_t>(_mm_movemask_epi8(digit));
  auto end = static_cast<uint32_t>(__builtin_ctz(others));
  if (end > 0 && end < 15 && (*first != '0' || end == 1)) {
    if (first[end] == '.') {
      const auto fraction = static_cast<uint32_t>(__builtin_ctz(others >> (end + 1)));
      end += fraction > 0 ? 1 + fraction : 0;
    }
    if (end < 16 && ends_scalar(first[end])) return true;
  }
#endif
  return is_json_number_of_any_length(at);
}

}  // namespace sluice::file
