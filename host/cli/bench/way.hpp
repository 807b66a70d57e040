// What a benchmark is made of: workloads, each with the ways of doing the same work that are measured beside
// each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/result.hpp"

namespace sluice::bench {

// One time through the work.
struct Lap {
  double seconds = 0;
  uint64_t peak_bytes = 0;  // most memory of the process that did it; 0: not known
};

enum class Role {
  product,  // Sluice
  limit,    // what the machine does with no more than the work itself
  peer,     // somebody else's program
};

struct Way {
  std::string name;   // of letters, digits, dots and dashes; unique in its workload
  std::string title;  // for people
  Role role = Role::product;
  double amount = 1;                // of work in a lap, in such units that the workload's figure comes out
  std::vector<std::string> beside;  // names of the ways that it is compared with
  // Does the work once, looks at the clock around nothing else, and compares what came out with what had to.
  std::function<host::Result<Lap>()> run;
  std::string how = {};     // it is configured, where somebody could ask
  std::string absent = {};  // why it cannot be measured here; empty: it can
};

struct Workload {
  std::string name, title;
  std::string unit;      // of the figures: GB/s, million records/s, µs
  bool is_time = false;  // figures are seconds an amount, and small is good; else amounts a second
  std::vector<Way> ways;
  std::string meaning;             // what the numbers say, in a line
  std::function<void()> settle{};  // before each lap, outside its time
};

inline double figure_of(const Workload& workload, const Way& way, double seconds) {
  return workload.is_time ? seconds / way.amount : way.amount / seconds;
}

}  // namespace sluice::bench
