// Documents of one exact size, written where they shall lie.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "record_hash.hpp"

namespace sluice::generator {

// Writes documents of ascending index. From 64 bytes up a document is
//   {"id":17,"hash":"0123456789abcdef","text":"words …"}
// and below {"id":17      }, blanks standing in for what does not fit. `hash` and the place in the pool from
// which `text` is cut follow from seed and index alone.
class RecordText {
 public:
  // fill() writes up to this many bytes past the record: it copies in whole blocks.
  static constexpr uint32_t slack = 64;
  static constexpr uint32_t smallest = 16;
  static constexpr uint32_t smallest_with_text = 64;

  // `record_bytes` is at least `smallest`, and every index that will be written has at most
  // digits_that_fit(record_bytes) digits.
  RecordText(uint64_t seed, uint32_t record_bytes);

  static constexpr uint32_t digits_that_fit(uint32_t record_bytes) {
    return record_bytes >= smallest_with_text ? 20 : record_bytes - 7;
  }

  // The next fill() writes record `index`.
  void seek(uint64_t index);

  void fill(char* to) {
    if (record_bytes_ >= smallest_with_text) [[likely]]
      fill_with_text(to);
    else
      fill_with_blanks(to);
    advance();
  }

 private:
  static constexpr uint32_t pool_choices = 4096;  // a power of two; small enough for the first-level cache
  static constexpr uint32_t head_room = 48;       // at most 6 + 20 + 9 are used
  static constexpr char middle[] = "\",\"text\":\"";
  static constexpr uint32_t middle_size = sizeof middle - 1;

  void fill_with_text(char* to) {
    const uint64_t hash = hash_(index_);
    std::memcpy(to, head_, head_room);
    char* at = to + head_size_;
    write_hex(static_cast<uint32_t>(hash >> 32), at);
    write_hex(static_cast<uint32_t>(hash), at + 8);
    std::memcpy(at + 16, middle, middle_size);
    at += 16 + middle_size;
    const char* from = pool_.data() + (hash & (pool_choices - 1));
    // Fixed-size blocks compile to plain vector moves; a call to memcpy costs more than the copy.
    for (uint32_t done = 0; done < text_size_; done += slack) std::memcpy(at + done, from + done, slack);
    std::memcpy(at + text_size_, "\"}", 2);
  }
  void fill_with_blanks(char* to) const {
    const uint32_t used = 6 + digits_;
    std::memcpy(to, head_, used);
    std::memset(to + used, ' ', record_bytes_ - used - 1);
    to[record_bytes_ - 1] = '}';
  }
  // Eight hexadecimal digits, most significant first, computed side by side in one word.
  static void write_hex(uint32_t value, char* to) {
    uint64_t x = __builtin_bswap32(value);
    x = (x | (x << 16)) & 0x0000ffff0000ffffull;
    x = (x | (x << 8)) & 0x00ff00ff00ff00ffull;
    x = ((x >> 4) | (x << 8)) & 0x0f0f0f0f0f0f0f0full;
    const uint64_t letters = ((x + 0x0606060606060606ull) >> 4) & 0x0101010101010101ull;
    x += 0x3030303030303030ull + letters * ('a' - '0' - 10);
    std::memcpy(to, &x, 8);
  }
  // Counts the decimal digits on in place: nine times in ten one byte changes.
  void advance() {
    ++index_;
    char* digit = head_ + 6 + digits_ - 1;
    while (*digit == '9') {
      *digit-- = '0';
      if (digit == head_ + 5) {
        seek(index_);
        return;
      }
    }
    ++*digit;
  }

  const RecordHash hash_;
  const uint32_t record_bytes_;
  std::string pool_;
  uint64_t index_ = 0;
  uint32_t digits_ = 1;
  uint32_t head_size_ = 0;  // of head_: {"id":17,"hash":"
  uint32_t text_size_ = 0;
  char head_[head_room] = {};
};

}  // namespace sluice::generator
