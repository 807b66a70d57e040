// Where lines end: the newlines of a chunk, found at the speed of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::file {

// Writes the place behind each newline in [begin, end) of `data` to `out`, in order, as many as fit. Gives
// how many.
size_t find_line_ends(const char* data, uint32_t begin, uint32_t end, std::span<uint32_t> out);

}  // namespace sluice::file
