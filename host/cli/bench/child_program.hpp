// Other programs, run to their end and measured.
#pragma once

#include <string>
#include <vector>

#include "host/cli/bench/way.hpp"

namespace sluice::bench {

struct ProgramStreams {
  std::string input;   // a file; empty: nothing
  std::string output;  // a file; empty: thrown away
};

// From start to end, with the most memory that it had; not known of programs that end at once. An error when
// it cannot be run or fails; what it says on standard error is in it.
host::Result<Lap> run_program(const std::vector<std::string>& words, const ProgramStreams& streams = {});

// Whether a program of that name is found in PATH.
bool has_program(const std::string& name);

// The bytes of both are the same, or an error that says where they part.
Status expect_same_bytes(const std::string& expected, const std::string& found);

}  // namespace sluice::bench
