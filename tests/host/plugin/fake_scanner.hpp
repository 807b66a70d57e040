// A scanner that loads nothing: it says what the plugin's note says, or what the test wants.
#pragma once

#include <functional>
#include <optional>

#include "host/plugin/plugin_loader.hpp"
#include "host/plugin/plugin_scanner.hpp"

namespace sluice::host::testing {

class FakeScanner : public PluginScanner {
 public:
  Result<ScannedEntry> scan(const PluginImage& image, const std::filesystem::path& file,
                            std::span<const std::filesystem::path> with) override {
    ++calls;
    digest = image.digest();
    companions.assign(with.begin(), with.end());
    if (refusal) return refuse(*refusal, file, detail);
    ScannedEntry entry;
    const PluginInspection said = inspect_plugin(file);
    entry.size = sizeof(sluice_plugin);
    entry.abi_oldest = said.note->abi_oldest;
    entry.abi_version = said.note->abi_version;
    entry.descriptor = said.note->descriptor_text;
    entry.create_source = entry.create_sink = entry.create_staging = true;
    if (change) change(entry);
    return entry;
  }

  int calls = 0;
  std::string digest;  // of the last copy
  std::vector<std::filesystem::path> companions;
  std::optional<Refusal> refusal;
  std::string detail;
  std::function<void(ScannedEntry&)> change;
};

}  // namespace sluice::host::testing
