// The workloads that need nothing but Sluice and `cp`. Functions that add ways are for those who measure more
// beside them.
#pragma once

#include <string>
#include <vector>

#include "host/cli/bench/host_runs.hpp"
#include "host/cli/bench/seeded_input.hpp"

namespace sluice::bench {

struct ProductSetting {
  const RunClock* clock;
  std::string folder;   // for inputs and outputs
  std::string program;  // the command sluice
  std::vector<std::string> program_options;
};

// file.lines and file.ndjson from file to file: per staging provider, durability and isolation, beside cp and
// copying loops.
Workload file_to_file(const ProductSetting& setting, const InputFile& input);
// Records of `record_bytes` each, `bytes` altogether.
Workload generator_to_null(const ProductSetting& setting, uint64_t record_bytes, uint64_t bytes);
// Runs that have nothing to do.
Workload empty_run(const ProductSetting& setting);

}  // namespace sluice::bench
