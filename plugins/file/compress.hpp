// One self-contained piece of compressed output: a gzip member or a zstd frame.
#pragma once

#include <string>
#include <string_view>

#include "byte_input.hpp"

namespace sluice::file {

// Appends `text`, compressed, to `out`. Not for Compression::none.
void compress(Compression compression, std::string_view text, std::string& out);

}  // namespace sluice::file
