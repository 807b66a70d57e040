// The loop: every way of a workload in turn, round after round.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/cli/bench/way.hpp"

namespace sluice::bench {

struct Spread {
  double median = 0, min = 0, max = 0;
};
Spread spread_of(std::vector<double> values);

// How many times as fast a way was as the one beside it.
struct Ratio {
  std::string to;
  Spread value;
};

struct WayResult {
  std::string name, title;
  Role role = Role::product;
  std::string how;     // it was configured
  std::string absent;  // why there are no numbers; empty: there are
  Spread seconds, figure;
  uint64_t peak_bytes = 0;
  std::vector<Ratio> ratios;
};

struct WorkloadResult {
  std::string name, title, unit, meaning;
  bool is_time = false;
  int rounds = 0;
  std::vector<WayResult> ways;
};

struct RoundOptions {
  int rounds = 5;                                   // that count; one before them warms caches and memory
  std::function<void(const std::string&)> on_step;  // what is about to be done
  std::function<bool()> is_cancelled;
};

// Ratios are taken within each round, so that what disturbs the machine for longer than that cancels out. A
// peer that fails is absent with its reason; anything else that fails ends the measurement. E_CANCELLED.
host::Result<WorkloadResult> measure(const Workload& workload, const RoundOptions& options);

}  // namespace sluice::bench
