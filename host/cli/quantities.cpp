#include "host/cli/quantities.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::host::cli {
namespace {

template <class... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, values...);
  return buffer.data();
}

std::string scaled(double amount, const char* suffix) {
  static constexpr std::array<const char*, 7> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  // 1023.95 would be shown as 1024.0 of the smaller unit.
  for (; amount >= 1023.95 && unit + 1 < units.size(); ++unit) amount /= 1024;
  return text(unit == 0 ? "%.0f %s%s" : "%.1f %s%s", amount, units[unit], suffix);
}

}  // namespace

std::string grouped(uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string human_bytes(uint64_t bytes) {
  return scaled(static_cast<double>(bytes), "");
}

std::string human_rate(double bytes_per_second) {
  return scaled(std::max(bytes_per_second, 0.0), "/s");
}

std::string human_duration(std::chrono::milliseconds time) {
  const long long ms = std::max<long long>(time.count(), 0), seconds = ms / 1000;
  if (ms < 1000) return text("%lld ms", ms);
  if (seconds < 60) return text("%lld.%lld s", seconds, ms % 1000 / 100);
  if (seconds < 3600) return text("%lld m %02lld s", seconds / 60, seconds % 60);
  return text("%lld h %02lld m", seconds / 3600, seconds / 60 % 60);
}

std::string clock_time(std::chrono::milliseconds time) {
  const long long seconds = std::max<long long>(time.count(), 0) / 1000;
  if (seconds < 3600) return text("%lld:%02lld", seconds / 60, seconds % 60);
  return text("%lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace sluice::host::cli
