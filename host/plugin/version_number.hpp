// Symbol versions such as GLIBC_2.34 and GLIBCXX_3.4.30: a name and numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::host {

struct VersionNumber {
  std::string_view name;          // with the last underscore: GLIBC_
  std::string_view text;          // 2.34
  std::vector<uint32_t> numbers;  // as they compare
};

// Nothing when numbers do not stand behind the last underscore, as in GLIBC_PRIVATE.
std::optional<VersionNumber> version_number(std::string_view version);

}  // namespace sluice::host
