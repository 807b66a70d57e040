// The plugin's library in the worker.
#pragma once

#include <string>
#include <vector>

#include "sluice/abi/plugin.h"

namespace sluice::worker {

// Loads the companions and then the copy behind the descriptor, which stays open: the loader knows a library
// by the descriptor's name. Null, and the loader's words, when it refuses.
const sluice_plugin* load_plugin(int image, const std::vector<std::string>& companions, std::string& words);

}  // namespace sluice::worker
