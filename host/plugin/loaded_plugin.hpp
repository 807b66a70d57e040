// A plugin whose code is in the process: its entry and its descriptor.
// Libraries are never unloaded, so the entry and everything the plugin hands
// out stay valid until the process ends, whatever happens to this struct.
#pragma once

#include <filesystem>
#include <memory>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/plugin/refusal.hpp"
#include "host/result.hpp"
#include "sluice/abi/plugin.h"

namespace sluice::host {

struct LoadedPlugin {
  std::filesystem::path path;
  PluginDescriptor descriptor;
  const sluice_plugin* entry = nullptr;
};

// Loads the library at exactly this absolute path, all symbols bound now and none lent to other libraries,
// and gives the address of its entry symbol. Runs the library's initialisers. Fails with the refusals
// library_missing, symbol_missing, library_version and load_failed, which carry the loader's own words.
Result<const sluice_plugin*> load_library(const std::filesystem::path& file);

// Whether the host's ABI versions and a plugin's overlap.
Status check_abi_range(uint32_t abi_oldest, uint32_t abi_version, const std::filesystem::path& file);

// The entry is complete, has a create function for every role in the descriptor, and says the same as the
// note. Fails with the refusals entry and note_mismatch.
Status check_entry(const sluice_plugin& entry, const PluginNote& note, const PluginDescriptor& descriptor,
                   const std::filesystem::path& file);

// A plugin that is part of the program rather than a library, held to the same rules: for embedding programs
// and tests. `entry` must live as long as the process; `name` stands for the path.
Result<std::shared_ptr<const LoadedPlugin>> adopt_plugin(const sluice_plugin& entry,
                                                         const std::filesystem::path& name);

}  // namespace sluice::host
