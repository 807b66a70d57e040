// Durations and sizes as people write them in configuration and requests: `500ms`, `1.5s`, `64MiB`, `1GB`.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/result.hpp"

namespace sluice::host {

// Units ns, us, ms, s, m, h, d. A number needs its unit, except 0. `key` names the setting in the error
// (E_QUANTITY_INVALID, class config). What does not fit std::chrono::nanoseconds (292 years) is an error.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text, std::string_view key);
Result<std::chrono::nanoseconds> duration_from(const boost::json::value& value, std::string_view key);

// Bytes. Units B, kB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024), in any case.
// Same errors as parse_duration; a fraction of a byte is rounded down, but never to nothing.
Result<std::uint64_t> parse_size(std::string_view text, std::string_view key);
Result<std::uint64_t> size_from(const boost::json::value& value, std::string_view key);

// For people, three digits or so: `1.5 GiB`, `512 B`.
std::string format_size(std::uint64_t bytes);
// For people: `350 ms`, `12.3 s`, `2 min 5 s`, `1 h 2 min`.
std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace sluice::host
