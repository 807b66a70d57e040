// Takes plugin files from folders into the registry, one
// pipeline for each file. One bad plugin never stops the others.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/plugin_note.hpp"
#include "host/plugin/plugin_report.hpp"
#include "host/registry/endpoint_registry.hpp"

namespace sluice::host {

// Every regular file whose name ends in .so, folder by folder as given, by name within each; a folder that is
// named twice is taken once. One report for each file, and one for each folder that is refused as a whole.
// The registry keeps the reports too. May run while other threads use the registry.
std::vector<PluginReport> load_plugin_folders(std::span<const std::filesystem::path> folders,
                                              EndpointRegistry& registry);

// One file, whatever its name; the folder it lies in must be trustworthy as well.
PluginReport load_plugin_file(const std::filesystem::path& file, EndpointRegistry& registry);

// What can be known of a file without running its code, as far as the pipeline comes.
struct PluginInspection {
  std::filesystem::path path;
  std::optional<PluginNote> note;
  std::optional<PluginDescriptor> descriptor;
  std::vector<std::string> needed;  // libraries
  std::optional<Error> refusal;     // the first step that would refuse it
};
PluginInspection inspect_plugin(const std::filesystem::path& file);

}  // namespace sluice::host
