// Results of a benchmark for programs and for people.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "host/cli/bench/rounds.hpp"

namespace sluice::bench {

// {"name", "title", "unit", "isTime", "rounds", "meaning", "ways": [{"name", "title", "role": "product" |
// "limit" | "peer", "how", "absent", "figure": {"median", "min", "max"}, "seconds": likewise, "peakBytes",
// "ratios":
// [{"to", "median", "min", "max"}]}]}
boost::json::object to_json(const WorkloadResult& result);

// A heading, a row for each way with figure, range and ratios, and what the numbers mean.
std::string to_text(const WorkloadResult& result, bool color);

}  // namespace sluice::bench
