#include "csv_value.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

namespace sluice::file {

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

bool equal_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes exactly `count` digits from the front, few enough for an int.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// ".123456" in microseconds; finer fractions have no place in the type.
std::optional<int64_t> take_fraction(std::string_view& text) {
  int64_t micros = 0, unit = 100000;
  if (text.empty() || !digit(text.front())) return std::nullopt;
  for (; !text.empty() && digit(text.front()); text.remove_prefix(1), unit /= 10) {
    if (unit == 0) return std::nullopt;
    micros += (text.front() - '0') * unit;
  }
  return micros;
}

// "Z", "+01:00" or nothing, in minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = text.front() == '-';
  if (!take(text, '-') && !take(text, '+')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23) return std::nullopt;
  take(text, ':');
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int offset = *hours * 60 + *minutes;
  return west ? -offset : offset;
}

}  // namespace

std::optional<int64_t> parse_int64(std::string_view text) {
  return parse_number<int64_t>(text);
}

std::optional<double> parse_float64(std::string_view text) {
  return parse_number<double>(text);
}

std::optional<bool> parse_bool(std::string_view text) {
  if (equal_word(text, "true") || text == "1") return true;
  if (equal_word(text, "false") || text == "0") return false;
  return std::nullopt;
}

std::optional<int32_t> parse_date(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !text.empty()) return std::nullopt;
  return static_cast<int32_t>(date->time_since_epoch().count());
}

std::optional<int64_t> parse_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !(take(text, 'T') || take(text, ' ') || take(text, 't'))) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::optional<int> second = 0;
  std::optional<int64_t> micros = 0;
  if (take(text, ':')) {
    second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    if (take(text, '.')) micros = take_fraction(text);
  }
  const auto zone = micros ? take_zone(text) : std::nullopt;
  if (!zone || !text.empty()) return std::nullopt;
  const int64_t minutes = int64_t{date->time_since_epoch().count()} * 1440 + *hour * 60 + *minute - *zone;
  return (minutes * 60 + *second) * 1000000 + *micros;
}

bool may_fit_guess(Type type, std::string_view text) {
  // 007 and +1 are labels, not numbers.
  const std::string_view digits = !text.empty() && text.front() == '-' ? text.substr(1) : text;
  switch (type) {
    case Type::boolean:
      return text.size() > 1;
    case Type::int64:
    case Type::float64:
      return !digits.empty() && digit(digits.front()) &&
             !(digits.size() > 1 && digits[0] == '0' && digit(digits[1]));
    default:
      return true;
  }
}

bool fits_guess(Type type, std::string_view text) {
  if (!may_fit_guess(type, text)) return false;
  switch (type) {
    case Type::boolean:
      return parse_bool(text).has_value();
    case Type::int64:
      return parse_int64(text).has_value();
    case Type::float64:
      return parse_float64(text).has_value();
    case Type::date32:
      return parse_date(text).has_value();
    case Type::timestamp:
      return parse_timestamp(text).has_value();
    default:
      return true;
  }
}

void TypeGuess::add(std::string_view text) {
  any_ = true;
  boolean_ = boolean_ && fits_guess(Type::boolean, text);
  int64_ = int64_ && fits_guess(Type::int64, text);
  float64_ = float64_ && fits_guess(Type::float64, text);
  date_ = date_ && fits_guess(Type::date32, text);
  timestamp_ = timestamp_ && fits_guess(Type::timestamp, text);
}

Type TypeGuess::type() const {
  if (!any_) return Type::utf8;
  if (boolean_) return Type::boolean;
  if (int64_) return Type::int64;
  if (float64_) return Type::float64;
  if (date_) return Type::date32;
  if (timestamp_) return Type::timestamp;
  return Type::utf8;
}

}  // namespace sluice::file
