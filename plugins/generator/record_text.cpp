#include "record_text.hpp"

#include <bit>
#include <charconv>
#include <string_view>

namespace sluice::generator {

static_assert(std::endian::native == std::endian::little, "write_hex lays its digits out little-endian");

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

}  // namespace sluice::generator
