// Whether bytes are UTF-8: what names and utf8 cells of tables must be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice {

// Shortest forms only, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    // Mostly ASCII: eight bytes at once.
    uint64_t eight = 0;
    if (text.size() - i >= sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080u) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead < 0xC2 || lead > 0xF4) return false;
    const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() - i < size) return false;
    for (size_t j = 1; j < size; ++j)
      if ((static_cast<unsigned char>(text[i + j]) & 0xC0u) != 0x80u) return false;
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || (lead == 0xF0 && next < 0x90) ||
        (lead == 0xF4 && next > 0x8F))
      return false;
    i += size;
  }
  return true;
}

}  // namespace sluice
