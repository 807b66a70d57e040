// Loads a plugin's private copy into this process. Libraries are never unloaded.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "host/plugin/plugin_image.hpp"
#include "host/plugin/refusal.hpp"
#include "host/result.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host {

// Why the system's loader takes no library, from its own words: library_missing, symbol_missing,
// library_version or load_failed. Where the words name the copy, the error names `file`.
Error loader_refusal(const std::filesystem::path& file, std::string_view words);

// Loads the companions from their places and then the copy, all symbols bound now and none lent to other
// libraries, and gives the address of its entry symbol. Runs the initialisers. The libraries, and the image,
// are kept until the process ends. Fails with the refusals of loader_refusal() and no_entry.
Result<const sluice_plugin*> load_library(const std::shared_ptr<const PluginImage>& image,
                                          const std::filesystem::path& file,
                                          std::span<const std::filesystem::path> companions);

}  // namespace sluice::host
