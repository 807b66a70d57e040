// What the text of a CSV field means as a typed value.
#pragma once

#include <cstdint>
#include <optional>
#include <sluice/batch/types.hpp>
#include <string_view>

namespace sluice::file {

// Each answers nothing when the text is no such value. Blanks around values are not taken away.
std::optional<int64_t> parse_int64(std::string_view text);
std::optional<double> parse_float64(std::string_view text);
std::optional<bool> parse_bool(std::string_view text);          // true, false in any case; 1, 0
std::optional<int32_t> parse_date(std::string_view text);       // 2026-11-23
std::optional<int64_t> parse_timestamp(std::string_view text);  // RFC 3339; without a zone it is UTC

// Narrows down the type of a column, value by value.
class TypeGuess {
 public:
  void add(std::string_view text);
  // utf8 when no value was added, or nothing narrower fits all of them.
  Type type() const;

 private:
  bool any_ = false, boolean_ = true, int64_ = true, float64_ = true, date_ = true, timestamp_ = true;
};

// Whether a column whose type was guessed may hold the text: stricter than the parse functions, so that
// 0041 and 1 do not become 41 and true unasked.
bool fits_guess(Type type, std::string_view text);

// The part of fits_guess that the parse functions do not answer: a text that passes fits when it parses.
bool may_fit_guess(Type type, std::string_view text);

}  // namespace sluice::file
