#include "host/config/yaml_scalar.hpp"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::host {
namespace {

namespace json = boost::json;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    auto exponent = text.substr(e + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  auto point = text.find('.');
  if (point == std::string_view::npos) return all_digits(text);
  auto before = text.substr(0, point), after = text.substr(point + 1);
  if (before.empty()) return all_digits(after);
  return all_digits(before) && (after.empty() || all_digits(after));
}

template <class Number>
std::optional<Number> whole_number(std::string_view text, int base) {
  Number number{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<json::value> integer(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
    if (text.starts_with('-')) return std::nullopt;
  } else {
    auto digits = text;
    if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
    if (!all_digits(digits)) return std::nullopt;
    if (text.starts_with('+')) text = digits;
  }
  if (auto number = whole_number<std::int64_t>(text, base)) return json::value(*number);
  if (auto number = whole_number<std::uint64_t>(text, base)) return json::value(*number);
  return std::nullopt;
}

}  // namespace

json::value core_schema_value(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (auto number = integer(text)) return *number;
  if (is_float(text)) {
    auto digits = text.starts_with('+') ? text.substr(1) : text;
    double number = 0;
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure == std::errc() && end == digits.data() + digits.size() && std::isfinite(number))
      return number;
  }
  return json::value(json::string(text));
}

}  // namespace sluice::host
