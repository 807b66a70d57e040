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

  // Writes the next `count` records one behind another.
  void fill(char* to, uint64_t count);

 private:
  static constexpr uint32_t pool_choices = 4096;  // a power of two; small enough for the first-level cache
  static constexpr uint32_t head_room = 48;       // at most 6 + 20 + 9 are used
  static constexpr uint32_t head_digits = 6;      // where the digits begin
  static constexpr char middle[] = "\",\"text\":\"";
  static constexpr uint32_t middle_size = sizeof middle - 1;

  void fill_texts(char* to, uint32_t digit, uint32_t count) const;
  void fill_blanks(char* to, uint32_t digit, uint32_t count) const;

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
