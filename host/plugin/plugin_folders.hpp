// Keeps the registry in step with what lies in the plugin folders: what is new is added, what has changed
// takes the place of what it was, what is gone is retired.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "host/plugin/plugin_loader.hpp"
#include "host/plugin/plugin_report.hpp"
#include "host/registry/endpoint_registry.hpp"

namespace sluice::host {

// What one look at the folders changed, and what it came to.
struct PluginChanges {
  using Generations = std::vector<std::shared_ptr<const PluginGeneration>>;
  Generations added;
  Generations replaced;               // the new ones
  Generations removed;                // what the files were last
  std::vector<PluginReport> refused;  // since this look: a refusal that stands is not told again
  // One for each file, and for each folder that is refused as a whole: folder by folder, by name within each.
  std::vector<PluginReport> reports;

  bool any() const { return !added.empty() || !replaced.empty() || !removed.empty() || !refused.empty(); }
};

// [any thread]; one look at a time. The registry goes on answering meanwhile.
class PluginFolders {
 public:
  // The registry, and what the settings name, outlive it. Folders that are the same are taken once.
  PluginFolders(std::vector<std::filesystem::path> folders, EndpointRegistry& registry,
                LoadSettings settings);

  // Looks at every file whose name ends in .so. One whose state is known is only looked at, not read.
  PluginChanges rescan();

  // Forgets that the file was refused, or all that were when it is empty, and looks again. FILE: a path, a
  // file's name or a plugin's id. E_PLUGIN_UNKNOWN when none of the files is that.
  Result<PluginChanges> retry(std::string_view file);

  // Reads the files that were not read because their state was known: from here on each active generation has
  // its bytes, whatever happens to the file. Failures wait until somebody needs the copy.
  void make_copies();

 private:
  struct Known {
    std::optional<FileIdentity> identity;  // that the report speaks of; nothing when it must be asked anew
    PluginReport report;
    std::shared_ptr<const PluginGeneration> current;  // null: none is active
    uint32_t last_number = 0;
    bool present = false;  // in the folder, when it was looked into last
  };
  class Look;

  std::vector<std::filesystem::path> files_named_locked(std::string_view file) const;

  const std::vector<std::filesystem::path> folders_;
  EndpointRegistry& registry_;
  const LoadSettings settings_;
  std::mutex mutex_;
  std::map<std::filesystem::path, Known> files_;     // guarded by mutex_
  std::set<std::filesystem::path> refused_folders_;  // guarded by mutex_
};

// One look at folders. Meant for those who look once.
std::vector<PluginReport> load_plugin_folders(std::span<const std::filesystem::path> folders,
                                              EndpointRegistry& registry, const LoadSettings& settings = {});

// One file, whatever its name; the folder it lies in must be trustworthy as well.
PluginReport load_plugin_file(const std::filesystem::path& file, EndpointRegistry& registry,
                              const LoadSettings& settings = {});

}  // namespace sluice::host
