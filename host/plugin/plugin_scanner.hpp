// Learns what a plugin's entry says when its library is loaded, where its code can do no harm: in another
// process. The pipeline knows only this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "host/plugin/plugin_image.hpp"
#include "host/result.hpp"

namespace sluice::host {

// What of the entry is judged; the same whether it was read here or in a worker process.
struct ScannedEntry {
  uint32_t size = 0, abi_version = 0, abi_oldest = 0;
  std::string descriptor;
  bool aligned = true, create_source = false, create_sink = false, create_staging = false;
};

class PluginScanner {
 public:
  virtual ~PluginScanner() = default;
  // Loads the companions from their places, then the copy, in another process, within the scanner's own time
  // limit. Fails with the refusals scan_crashed, scan_exited, scan_hung, scan_failed, and those of
  // loader_refusal(). `file` is the operator's, for errors. [any thread]
  virtual Result<ScannedEntry> scan(const PluginImage& image, const std::filesystem::path& file,
                                    std::span<const std::filesystem::path> companions) = 0;
};

}  // namespace sluice::host
