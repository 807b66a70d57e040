// Scans plugins in worker processes, one for each file.
#pragma once

#include <chrono>

#include "host/plugin/plugin_scanner.hpp"

namespace sluice::host {

class WorkerScanner final : public PluginScanner {
 public:
  // `time`: for one library to be loaded.
  WorkerScanner(std::filesystem::path program, std::chrono::milliseconds time)
      : program_(std::move(program)), time_(time) {}

  Result<ScannedEntry> scan(const PluginImage& image, const std::filesystem::path& file,
                            std::span<const std::filesystem::path> companions) override;

 private:
  const std::filesystem::path program_;
  const std::chrono::milliseconds time_;
};

}  // namespace sluice::host
