// Input for the benchmarks: the same bytes for the same seed.
#pragma once

#include <cstdint>
#include <string>

#include "host/result.hpp"

namespace sluice::bench {

struct InputFile {
  std::string path;
  uint64_t records = 0, bytes = 0;
};

// NDJSON of about `bytes`: objects of about 250 bytes each, with numbers, text, a list and an inner object.
host::Result<InputFile> write_ndjson(const std::string& path, uint64_t bytes, uint64_t seed);
// CSV of about `bytes` with a heading: id, user, active, score, day, text.
host::Result<InputFile> write_csv(const std::string& path, uint64_t bytes, uint64_t seed);

}  // namespace sluice::bench
