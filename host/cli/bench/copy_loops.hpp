// The limit of file to file: copying loops that know the lines, written by hand, with nothing around them.
#pragma once

#include <string>

#include "host/cli/bench/way.hpp"

namespace sluice::bench {

// Reads blocks of 1 MiB, finds every line in them, copies each block's whole lines into a recycled block as
// staging would, and writes that.
host::Result<Lap> copy_lines_one_thread(const std::string& from, const std::string& to);
// One thread reads into recycled blocks and finds the lines, another writes the blocks.
host::Result<Lap> copy_lines_two_threads(const std::string& from, const std::string& to);

}  // namespace sluice::bench
