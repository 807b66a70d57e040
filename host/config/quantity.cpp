#include "host/config/quantity.hpp"

#include <array>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>

namespace sluice::host {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t second = 1'000'000'000;
constexpr auto duration_units = std::to_array<Unit>({{"ns", 1},
                                                     {"us", 1'000},
                                                     {"ms", 1'000'000},
                                                     {"s", second},
                                                     {"m", 60 * second},
                                                     {"h", 3600 * second},
                                                     {"d", 86400 * second}});
constexpr auto size_units = std::to_array<Unit>({{"b", 1},
                                                 {"kb", 1'000},
                                                 {"mb", 1'000'000},
                                                 {"gb", 1'000'000'000},
                                                 {"tb", 1'000'000'000'000},
                                                 {"kib", 1ull << 10},
                                                 {"mib", 1ull << 20},
                                                 {"gib", 1ull << 30},
                                                 {"tib", 1ull << 40}});

// What kind of quantity is read: its units, its limit, and how the error shows the way out.
struct Kind {
  std::string_view name;
  std::span<const Unit> units;
  std::uint64_t limit;
  bool any_case;
  std::string_view hint;
};

const Kind duration_kind{"duration", duration_units, std::numeric_limits<std::int64_t>::max(), false,
                         "write a number with ns, us, ms, s, m, h or d, as in 500ms or 2m"};
const Kind size_kind{"size", size_units, std::numeric_limits<std::uint64_t>::max(), true,
                     "write a number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in 64MiB"};

constexpr std::size_t max_fraction_digits = 9;
constexpr std::size_t max_shown = 40;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error invalid(const Kind& kind, std::string_view key, std::string_view text, std::string_view reason) {
  std::string shown(text.substr(0, max_shown));
  if (text.size() > max_shown) shown += "...";
  return Error(
      ErrorClass::config, "E_QUANTITY_INVALID",
      std::string(key) + ": \"" + shown + "\" is no " + std::string(kind.name) + ": " + std::string(reason),
      std::string(key), std::string(kind.hint));
}

std::optional<std::uint64_t> factor_of(const Kind& kind, std::string_view unit) {
  std::string folded(unit);
  if (kind.any_case)
    for (char& c : folded)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const Unit& known : kind.units)
    if (known.name == folded) return known.factor;
  return std::nullopt;
}

Result<std::uint64_t> parse(const Kind& kind, std::string_view text, std::string_view key) {
  // 128 bits hold any 64-bit whole part times the largest unit, so one comparison with the limit is enough.
  using Wide = unsigned __int128;
  std::size_t at = 0;
  std::uint64_t whole = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (whole > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
      return invalid(kind, key, text, "it is too large");
    whole = whole * 10 + digit;
  }
  if (at == 0) return invalid(kind, key, text, "it does not begin with a number");
  std::uint64_t fraction = 0, scale = 1;
  if (at < text.size() && text[at] == '.') {
    std::size_t begin = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (at - begin >= max_fraction_digits)
        return invalid(kind, key, text, "it has more than nine digits after the point");
      fraction = fraction * 10 + static_cast<std::uint64_t>(text[at] - '0');
      scale *= 10;
    }
    if (at == begin) return invalid(kind, key, text, "a digit must follow the point");
  }
  if (at < text.size() && text[at] == ' ') ++at;
  std::string_view unit = text.substr(at);
  if (unit.empty()) {
    if (whole == 0 && fraction == 0) return std::uint64_t{0};
    return invalid(kind, key, text, "the unit is missing");
  }
  auto factor = factor_of(kind, unit);
  if (!factor) return invalid(kind, key, text, "the unit is unknown");
  Wide total = static_cast<Wide>(whole) * *factor + static_cast<Wide>(fraction) * *factor / scale;
  if (total > kind.limit) return invalid(kind, key, text, "it is too large");
  if (total == 0 && (whole != 0 || fraction != 0)) return invalid(kind, key, text, "it is too small");
  return static_cast<std::uint64_t>(total);
}

Result<std::uint64_t> parse(const Kind& kind, const boost::json::value& value, std::string_view key) {
  if (const auto* text = value.if_string()) return parse(kind, std::string_view(*text), key);
  if (const auto* number = value.if_int64(); number && *number == 0) return std::uint64_t{0};
  if (const auto* number = value.if_uint64(); number && *number == 0) return std::uint64_t{0};
  if (value.is_number()) {
    return Error(
        ErrorClass::config, "E_QUANTITY_INVALID",
        std::string(key) + ": a bare number is no " + std::string(kind.name) + ": the unit is missing",
        std::string(key), std::string(kind.hint));
  }
  return Error(ErrorClass::config, "E_QUANTITY_INVALID",
               std::string(key) + ": a " + std::string(kind.name) + " is a text", std::string(key),
               std::string(kind.hint));
}

// `value` in units of `factor` with three significant digits, without trailing zeros.
std::string short_decimal(std::uint64_t value, std::uint64_t factor) {
  double number = static_cast<double>(value) / static_cast<double>(factor);
  std::array<char, 48> buffer{};
  int decimals = number < 10 ? 2 : number < 100 ? 1 : 0;
  int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, number);
  std::string text(buffer.data(), static_cast<std::size_t>(size));
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text, std::string_view key) {
  auto count = parse(duration_kind, text, key);
  if (!count) return count.error();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*count));
}

Result<std::chrono::nanoseconds> duration_from(const boost::json::value& value, std::string_view key) {
  auto count = parse(duration_kind, value, key);
  if (!count) return count.error();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*count));
}

Result<std::uint64_t> parse_size(std::string_view text, std::string_view key) {
  return parse(size_kind, text, key);
}

Result<std::uint64_t> size_from(const boost::json::value& value, std::string_view key) {
  return parse(size_kind, value, key);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  std::uint64_t factor = 1024;
  // The half keeps 1023.6 KiB from being shown as "1024 KiB".
  while (unit + 1 < names.size() && bytes >= factor * 1024 - factor / 2) {
    factor *= 1024;
    ++unit;
  }
  return short_decimal(bytes, factor) + " " + std::string(names[unit]);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  bool negative = duration.count() < 0;
  auto count = negative ? 0 - static_cast<std::uint64_t>(duration.count())
                        : static_cast<std::uint64_t>(duration.count());
  std::string text;
  if (count < 1'000) {
    text = std::to_string(count) + (count == 0 ? " s" : " ns");
  } else if (count < 999'500) {
    text = short_decimal(count, 1'000) + " us";
  } else if (count < 999'500'000) {
    text = short_decimal(count, 1'000'000) + " ms";
  } else if (count < 59'950'000'000) {
    text = short_decimal(count, second) + " s";
  } else {
    std::uint64_t seconds = (count + second / 2) / second;
    if (seconds < 3600) {
      text = std::to_string(seconds / 60) + " min";
      if (seconds % 60) text += " " + std::to_string(seconds % 60) + " s";
    } else {
      std::uint64_t minutes = (seconds + 30) / 60;
      text = std::to_string(minutes / 60) + " h";
      if (minutes % 60) text += " " + std::to_string(minutes % 60) + " min";
    }
  }
  return negative ? "-" + text : text;
}

}  // namespace sluice::host
