// What a plugin's entry must be, wherever it was read: in this process or in a worker process.
#pragma once

#include <cstdint>
#include <filesystem>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/plugin/plugin_scanner.hpp"
#include "host/plugin/refusal.hpp"
#include "host/result.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host {

// Of an entry that is not aligned, or claims fewer bytes than it must have, nothing else is read. A
// descriptor that is absent or too long becomes an empty text.
ScannedEntry read_entry(const sluice_plugin& entry);

// Whether the host's ABI versions and a plugin's overlap.
Status check_abi_range(uint32_t abi_oldest, uint32_t abi_version, const std::filesystem::path& file);

// The entry is aligned, long enough and has a descriptor. Fails with the refusal entry.
Status check_entry_shape(const ScannedEntry& entry, const std::filesystem::path& file);

// The entry is complete, has a create function for every role in the descriptor, and says the same as the
// note. Fails with the refusals entry and note_mismatch.
Status check_entry(const ScannedEntry& entry, const PluginNote& note, const PluginDescriptor& descriptor,
                   const std::filesystem::path& file);

}  // namespace sluice::host
