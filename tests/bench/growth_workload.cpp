// The same work at ten thousand to a hundred million records: the cost of a record, and memory, must not
// grow.
#include <fstream>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

using host::Result;

// Seconds and memory as the child says them.
Result<Lap> measured_child(const Setting& setting, const std::vector<std::string>& words) {
  const std::string answer = setting.folder() + "/answer";
  Result<Lap> lap = run_program(words, {.input = {}, .output = answer});
  if (lap) std::ifstream(answer) >> lap->seconds >> lap->peak_bytes;
  return lap;
}

}  // namespace

Workload growth(const Setting& setting) {
  Workload work{.name = "growth",
                .title = "Growth: generator to null, records of 250 bytes",
                .unit = "ns a record",
                .is_time = true,
                .ways = {},
                .meaning =
                    "Neither the cost of a record nor the peak of memory grows with their number; below a "
                    "million the run itself is seen."};
  for (const char* staging : {"memory", "mmap"})
    for (uint64_t records = 10'000; records <= (setting.quick ? 1'000'000u : 100'000'000u); records *= 10) {
      const std::string name = std::string(staging) + "-" + std::to_string(records);
      const std::string base = std::string(staging) + "-1000000";
      work.ways.push_back({name,
                           std::string(staging) + ", " + std::to_string(records) + " records",
                           Role::product,
                           static_cast<double>(records) * 1e-9,
                           {},
                           [=] {
                             return measured_child(
                                 setting, {setting.self, "one-run", setting.plugins,
                                           setting.folder() + "/growth", staging, std::to_string(records)});
                           }});
      if (records > 1'000'000) work.ways.back().beside = {base};
    }
  return work;
}

}  // namespace sluice::bench
