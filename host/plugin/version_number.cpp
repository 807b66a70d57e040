#include "host/plugin/version_number.hpp"

#include <charconv>

namespace sluice::host {

std::optional<VersionNumber> version_number(std::string_view version) {
  const size_t underscore = version.rfind('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  VersionNumber out{version.substr(0, underscore + 1), version.substr(underscore + 1), {}};
  const char *at = out.text.data(), *end = at + out.text.size();
  for (;;) {
    uint32_t number = 0;
    const auto [next, failure] = std::from_chars(at, end, number);
    if (failure != std::errc() || out.numbers.size() == 8) return std::nullopt;
    out.numbers.push_back(number);
    if (next == end) return out;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
}

}  // namespace sluice::host
