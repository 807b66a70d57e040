// Dates and times as the text that SQLite's own date functions read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::sqlite {

constexpr size_t calendar_text_size = 32;  // room that the writers need

// YYYY-MM-DD, and YYYY-MM-DDTHH:MM:SS[.ffffff]Z. They give the text's size; 0 for years outside 0000 to 9999.
size_t write_date(int32_t days, char* to);
size_t write_timestamp(int64_t micros, char* to);

// Days since 1970-01-01 of YYYY-MM-DD.
std::optional<int32_t> read_date(std::string_view text);
// Microseconds since 1970-01-01 UTC of YYYY-MM-DD[(T| )HH:MM[:SS[.f…]][Z|±HH:MM]]; no zone means UTC, as in
// SQLite's CURRENT_TIMESTAMP. Nothing when a digit below the microsecond would get lost.
std::optional<int64_t> read_timestamp(std::string_view text);

}  // namespace sluice::sqlite
