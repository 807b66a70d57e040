// Numbers as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::host::cli {

std::string grouped(uint64_t count);                         // 1,234,567
std::string human_bytes(uint64_t bytes);                     // 512 B, 1.5 KiB, 64.0 MiB
std::string human_rate(double bytes_per_second);             // 12.0 MiB/s
std::string human_duration(std::chrono::milliseconds time);  // 850 ms, 12.3 s, 2 m 05 s, 3 h 07 m
std::string clock_time(std::chrono::milliseconds time);      // 0:07, 12:34, 1:02:03: steady width for a bar

}  // namespace sluice::host::cli
