// The folder that everything of this program lies in: plugins, staging, caches, locks, output.
#pragma once

#include <filesystem>
#include <string>

namespace sluice::zoo {

// Made at the first call, gone at the end of the program. The process's own cache and runtime folders are in
// it from then on, so that nothing of the user's is touched.
const std::filesystem::path& scratch();

std::string read_file(const std::filesystem::path& file);

}  // namespace sluice::zoo
