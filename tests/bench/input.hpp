// Seeded input for the benchmarks.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::bench {

// Writes NDJSON of about `bytes` to `path`: objects of about 250 bytes each. Gives the number of records.
// Throws std::runtime_error when the file cannot be written.
uint64_t write_ndjson(const std::string& path, uint64_t bytes, uint64_t seed);

}  // namespace sluice::bench
