// The Sluice note of a library: ABI range and descriptor text, readable before any of its code runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

struct PluginNote {
  uint32_t abi_oldest = 0;
  uint32_t abi_version = 0;
  std::string descriptor_text;
};

// Reads the one Sluice note in the content of the section `.note.sluice`; notes of other makers are passed
// over. Fails with the refusals no_note and bad_note. `file` only names the file in errors.
Result<PluginNote> read_plugin_note(std::span<const uint8_t> section, const std::filesystem::path& file);

}  // namespace sluice::host
