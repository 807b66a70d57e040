// Checks of text that comes from outside.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::host {

// The offset of the first byte that is not well-formed UTF-8; text.size() when all is well.
std::size_t first_bad_utf8(std::string_view text);

inline bool is_utf8(std::string_view text) {
  return first_bad_utf8(text) == text.size();
}

}  // namespace sluice::host
