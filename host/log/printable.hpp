// Outside text made safe to show: one line, no terminal control, valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::host {

// One step through UTF-8: the code point at the front of `text` and its length in bytes. `valid` is false for
// a byte that starts no well-formed sequence (overlong forms and surrogates included); then `bytes` is 1.
// `text` must not be empty.
struct CodePoint {
  char32_t value = 0;
  uint32_t bytes = 1;
  bool valid = true;
};
CodePoint next_code_point(std::string_view text);

// `text` with every control character (C0, DEL, C1, line and paragraph separators, bidirectional overrides)
// and every invalid byte as an escape: \n, \t, \r, \x1b, \u202e.
std::string printable(std::string_view text);

// `text` with every invalid byte replaced by U+FFFD: what a JSON string may hold.
std::string valid_utf8(std::string_view text);

}  // namespace sluice::host
