// The workloads of `make bench`, beyond those of `sluice bench`.
#pragma once

#include <vector>

#include "setting.hpp"

namespace sluice::bench {

// file_limits.cpp, file_peers.cpp: more ways of file to file
void add_file_limits(Workload& work, const Setting& setting, const InputFile& input);
void add_file_peers(Workload& work, const Setting& setting, const InputFile& input);
// handover_limit.cpp: the memcpy pair, first of a generator's ways
void add_handover_limit(Workload& work, uint64_t record_bytes);
// staging_workload.cpp
Workload staging_alone(const Setting& setting);
// table_workload.cpp
Workload csv_to_sqlite(const Setting& setting);
// overhead_workloads.cpp
Workload small_units(const Setting& setting);
Workload runs_at_once(const Setting& setting);
// growth_workload.cpp
Workload growth(const Setting& setting);
// checks_workload.cpp
Workload checks(const Setting& setting);
// cold_start_workload.cpp
Workload cold_start(const Setting& setting);

// What this program does as a child that measures itself: one_run and open_host of child_measures.cpp.
int measure_as_child(int count, char** words);

}  // namespace sluice::bench
