// The result of a run for people.
#pragma once

#include <string>

#include "host/cli/json_fields.hpp"

namespace sluice::host::cli {

// Status, counts, bytes with rate, time, verdict, checkpoint, and the receipt: a table of names and values.
// Errors and warnings are not in it: they go to standard error.
std::string run_summary(const json::object& result, bool color);

}  // namespace sluice::host::cli
