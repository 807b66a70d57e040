#include "calendar.hpp"

#include <chrono>

namespace sluice::sqlite {

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t day_micros = 86'400'000'000;

char* put(char* to, uint32_t value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

// Takes exactly `digits` digits off the front.
std::optional<int> take_digits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}
bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int32_t> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(sys_days(date).time_since_epoch().count());
}

// The fraction after the point, in microseconds.
std::optional<int64_t> take_fraction(std::string_view& text) {
  int64_t micros = 0;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits >= 6 && text.front() != '0') return std::nullopt;
    if (digits < 6) micros = micros * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// The zone's distance from UTC in microseconds; takes all that is left.
std::optional<int64_t> take_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const bool west = text.front() == '-';
  if (!take_char(text, '+') && !take_char(text, '-')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const int64_t distance = (int64_t{*hours} * 60 + *minutes) * 60'000'000;
  return west ? -distance : distance;
}

}  // namespace

size_t write_date(int32_t value, char* to) {
  // Inside the range of std::chrono::year, which is 16 bits wide.
  if (value < -719'528 || value > 2'932'896) return 0;
  const year_month_day date{sys_days{days{value}}};
  to = put(to, static_cast<uint32_t>(static_cast<int>(date.year())), 4);
  *to++ = '-';
  to = put(to, static_cast<unsigned>(date.month()), 2);
  *to++ = '-';
  put(to, static_cast<unsigned>(date.day()), 2);
  return 10;
}

size_t write_timestamp(int64_t micros, char* to) {
  const int64_t day = micros / day_micros - (micros % day_micros < 0 ? 1 : 0);
  const int64_t of_day = micros - day * day_micros;
  if (day < -719'528 || day > 2'932'896) return 0;
  const char* begin = to;
  to += write_date(static_cast<int32_t>(day), to);
  const auto seconds = static_cast<uint32_t>(of_day / 1'000'000);
  const auto fraction = static_cast<uint32_t>(of_day % 1'000'000);
  *to++ = 'T';
  to = put(to, seconds / 3600, 2);
  *to++ = ':';
  to = put(to, seconds / 60 % 60, 2);
  *to++ = ':';
  to = put(to, seconds % 60, 2);
  if (fraction) {
    *to++ = '.';
    to = put(to, fraction, 6);
  }
  *to++ = 'Z';
  return static_cast<size_t>(to - begin);
}

std::optional<int32_t> read_date(std::string_view text) {
  const auto date = take_date(text);
  return text.empty() ? date : std::nullopt;
}

std::optional<int64_t> read_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  const int64_t midnight = *date * day_micros;
  if (text.empty()) return midnight;
  if (!take_char(text, 'T') && !take_char(text, ' ')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t seconds = (int64_t{*hour} * 60 + *minute) * 60, fraction = 0;
  if (take_char(text, ':')) {
    const auto second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    seconds += *second;
    if (take_char(text, '.')) {
      const auto micros = take_fraction(text);
      if (!micros) return std::nullopt;
      fraction = *micros;
    }
  }
  const auto zone = take_zone(text);
  if (!zone) return std::nullopt;
  return midnight + seconds * 1'000'000 + fraction - *zone;
}

}  // namespace sluice::sqlite
