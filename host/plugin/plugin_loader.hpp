// The way of one plugin file from the folder into the registry, and what can be
// known of a file without taking it. One bad plugin never stops the others.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/plugin_file.hpp"
#include "host/plugin/plugin_generation.hpp"
#include "host/plugin/plugin_needs.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/plugin/plugin_report.hpp"
#include "host/plugin/plugin_scanner.hpp"
#include "host/plugin/scan_cache.hpp"
#include "host/registry/endpoint_registry.hpp"

namespace sluice::host {

// What loading stands on. Both outlive it.
struct LoadSettings {
  PluginScanner* scanner = nullptr;       // null: what is scanned is loaded into this process
  ScanCache* cache = nullptr;             // null: nothing is kept for the next process
  std::vector<std::string> allowed = {};  // digests; empty: any
};

struct LoadedFile {
  PluginReport report;
  // The state of the file that the report speaks of; nothing when the file could not be opened.
  std::optional<FileIdentity> identity;
  // Null when it is refused.
  std::shared_ptr<const PluginGeneration> plugin;
};

// Takes one file, at its absolute path, through all steps. `current`, if any, is the generation of the file
// that the registry has: the same bytes are that generation still; others take its place under the number
// given, and what is refused leaves it alone.
LoadedFile load_plugin(const std::filesystem::path& file, const LoadSettings& settings,
                       EndpointRegistry& registry, SystemLibraries& libraries,
                       const std::shared_ptr<const PluginGeneration>& current, uint32_t number);

// Absolute, without dots.
std::filesystem::path full_path(const std::filesystem::path& path);

// What can be known of a file without running its code, as far as the pipeline comes.
struct PluginInspection {
  std::filesystem::path path;
  std::optional<PluginNote> note;
  std::optional<PluginDescriptor> descriptor;
  uint64_t size = 0;                // of the file, once it was read
  std::string digest;               // the same
  std::vector<std::string> needed;  // libraries
  std::optional<PluginNeeds> needs;
  std::optional<Error> refusal;  // the first step that would refuse it
};
PluginInspection inspect_plugin(const std::filesystem::path& file);

}  // namespace sluice::host
