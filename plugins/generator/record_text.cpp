#include "record_text.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::generator {

namespace {

// Lower-case words with single blanks between them; nothing that JSON escapes.
std::string words(uint64_t seed, size_t size) {
  const RecordHash hash(~seed);
  std::string out;
  out.reserve(size + 16);
  for (uint64_t i = 0; out.size() < size; ++i) {
    uint64_t bits = hash(i);
    const uint64_t letters = 2 + bits % 8;
    bits >>= 3;
    for (uint64_t letter = 0; letter < letters; ++letter, bits >>= 6)
      out += static_cast<char>('a' + bits % 26);
    out += ' ';
  }
  out.resize(size);
  return out;
}

// Sixteen hexadecimal digits, most significant first, computed side by side.
void write_hex(uint64_t value, char* to) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<int64_t>(__builtin_bswap64(value)));
  const __m128i low = _mm_set1_epi8(15);
  const __m128i digits =
      _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi64(bytes, 4), low), _mm_and_si128(bytes, low));
  const __m128i letters =
      _mm_and_si128(_mm_cmpgt_epi8(digits, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_add_epi8(_mm_add_epi8(digits, letters), _mm_set1_epi8('0')));
#else
  for (int i = 16; i-- > 0; value >>= 4) to[i] = "0123456789abcdef"[value & 15u];
#endif
}

}  // namespace

RecordText::RecordText(uint64_t seed, uint32_t record_bytes)
    : hash_(seed), record_bytes_(record_bytes), pool_(words(seed, pool_choices + record_bytes + slack)) {
  seek(0);
}

void RecordText::seek(uint64_t index) {
  static constexpr std::string_view before = "{\"id\":", after = ",\"hash\":\"";
  index_ = index;
  std::memcpy(head_, before.data(), before.size());
  char* end = std::to_chars(head_ + before.size(), head_ + sizeof head_, index).ptr;
  digits_ = static_cast<uint32_t>(end - head_ - before.size());
  std::memcpy(end, after.data(), after.size());
  head_size_ = static_cast<uint32_t>(before.size() + digits_ + after.size());
  if (record_bytes_ >= smallest_with_text) text_size_ = record_bytes_ - head_size_ - 16 - middle_size - 2;
}

// Records whose numbers differ in the last digit alone are made from one head. The digit is put into each
// record and not into head_: a block that is read right after a byte of it was written waits for that byte to
// reach the cache.
void RecordText::fill(char* to, uint64_t count) {
  while (count > 0) {
    const auto digit = static_cast<uint32_t>(index_ % 10);
    const auto same = static_cast<uint32_t>(std::min<uint64_t>(count, 10 - digit));
    if (record_bytes_ >= smallest_with_text)
      fill_texts(to, digit, same);
    else
      fill_blanks(to, digit, same);
    to += uint64_t{same} * record_bytes_;
    count -= same;
    seek(index_ + same);
  }
}

void RecordText::fill_blanks(char* to, uint32_t digit, uint32_t count) const {
  const uint32_t used = head_digits + digits_;
  for (uint32_t i = 0; i < count; ++i, to += record_bytes_) {
    std::memcpy(to, head_, used);
    to[used - 1] = static_cast<char>('0' + digit + i);
    std::memset(to + used, ' ', record_bytes_ - used - 1);
    to[record_bytes_ - 1] = '}';
  }
}

void RecordText::fill_texts(char* to, uint32_t digit, uint32_t count) const {
  // Copies of what the compiler would read again after each write through `to`.
  const uint64_t size = record_bytes_, begin = index_;
  const uint32_t head_size = head_size_, text_size = text_size_, last = head_digits + digits_ - 1;
  const char* const pool = pool_.data();
  const RecordHash hash_of = hash_;
  char head[head_room];
  std::memcpy(head, head_, head_room);
  for (uint32_t i = 0; i < count; ++i, to += size) {
    const uint64_t hash = hash_of(begin + i);
    char* at = to + head_size;
    const char* from = pool + (hash & (pool_choices - 1));
    std::memcpy(to, head, head_room);
    to[last] = static_cast<char>('0' + digit + i);
    write_hex(hash, at);
    std::memcpy(at + 16, middle, middle_size);
    at += 16 + middle_size;
    // Fixed-size blocks compile to plain vector moves; a call to memcpy costs more than the copy.
    for (uint32_t done = 0; done < text_size; done += slack) std::memcpy(at + done, from + done, slack);
    std::memcpy(at + text_size, "\"}", 2);
  }
}

}  // namespace sluice::generator
