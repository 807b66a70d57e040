// JSON pointers (RFC 6901), as errors name a place in a configuration.
#pragma once

#include <string>
#include <string_view>

namespace sluice::host {

inline std::string pointer_join(std::string pointer, std::string_view key) {
  pointer += '/';
  for (char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

}  // namespace sluice::host
