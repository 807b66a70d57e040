#include "host/cli/bench/rounds.hpp"

#include <algorithm>

namespace sluice::bench {

namespace {

using host::Result;

struct Laps {
  std::vector<double> seconds;
  uint64_t peak_bytes = 0;
  std::string absent;
};

Result<Lap> one_lap(const Workload& workload, const Way& way) {
  if (workload.settle) workload.settle();
  return way.run();
}

double median_of(std::vector<double> sorted) {
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// How many times as fast `way` was as the way `other`, round by round.
std::vector<double> ratios_of(const Workload& workload, size_t way, size_t other,
                              const std::vector<Laps>& laps) {
  std::vector<double> ratios;
  for (size_t round = 0; round < laps[way].seconds.size(); ++round) {
    const double own = figure_of(workload, workload.ways[way], laps[way].seconds[round]);
    const double beside = figure_of(workload, workload.ways[other], laps[other].seconds[round]);
    ratios.push_back(workload.is_time ? beside / own : own / beside);
  }
  return ratios;
}

WayResult result_of(const Workload& workload, size_t at, const std::vector<Laps>& laps) {
  const Way& way = workload.ways[at];
  WayResult result{way.name, way.title, way.role, way.how, laps[at].absent, {}, {}, laps[at].peak_bytes, {}};
  if (!result.absent.empty()) return result;
  std::vector<double> figures;
  for (const double seconds : laps[at].seconds) figures.push_back(figure_of(workload, way, seconds));
  result.seconds = spread_of(laps[at].seconds);
  result.figure = spread_of(figures);
  for (const std::string& name : way.beside)
    for (size_t other = 0; other < workload.ways.size(); ++other)
      if (workload.ways[other].name == name && laps[other].absent.empty())
        result.ratios.push_back({name, spread_of(ratios_of(workload, at, other, laps))});
  return result;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double min = *least, max = *most;
  return {median_of(std::move(values)), min, max};
}

Result<WorkloadResult> measure(const Workload& workload, const RoundOptions& options) {
  std::vector<Laps> laps(workload.ways.size());
  for (size_t at = 0; at < laps.size(); ++at) laps[at].absent = workload.ways[at].absent;
  for (int round = 0; round <= options.rounds; ++round)
    for (size_t at = 0; at < laps.size(); ++at) {
      const Way& way = workload.ways[at];
      if (!laps[at].absent.empty()) continue;
      if (options.is_cancelled && options.is_cancelled())
        return Error(ErrorClass::cancelled, "E_CANCELLED", "the benchmark was asked to stop");
      if (options.on_step)
        options.on_step(workload.name + ": " +
                        (round == 0
                             ? "warming up"
                             : "round " + std::to_string(round) + " of " + std::to_string(options.rounds)) +
                        ", " + way.title);
      const Result<Lap> lap = one_lap(workload, way);
      if (!lap && way.role == Role::peer) {
        laps[at].absent = "failed: " + lap.error().message();
        continue;
      }
      if (!lap) return lap.error();
      laps[at].peak_bytes = std::max(laps[at].peak_bytes, lap->peak_bytes);
      if (round > 0) laps[at].seconds.push_back(lap->seconds);
    }
  WorkloadResult result{
      workload.name, workload.title, workload.unit, workload.meaning, workload.is_time, options.rounds, {}};
  for (size_t at = 0; at < laps.size(); ++at) result.ways.push_back(result_of(workload, at, laps));
  return result;
}

}  // namespace sluice::bench
