#include "host/plugin/plugin_loader.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "host/plugin/loaded_plugin.hpp"
#include "host/plugin/plugin_check.hpp"
#include "host/plugin/refusal.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_files_in_folder = 10000;

// What is asked before the library is loaded, in this order; the first refusal ends the file's way.
// After these come, in this order: the allow-list (a digest of `bytes`), the scan in a child process, and the
// private copy that is then loaded in the file's place.
using Step = Status (*)(PluginCandidate&);
constexpr Step steps_before_load[] = {
    read_file, read_elf, read_note, check_entry_symbol, check_abi, read_descriptor,
};

// The bytes are needed no longer, and may be many.
void drop_bytes(PluginCandidate& plugin) {
  plugin.image.reset();
  plugin.bytes = {};
}

Status load_into_process(PluginCandidate& plugin) {
  Result<const sluice_plugin*> entry = load_library(plugin.path);
  if (!entry) return std::move(entry).error();
  plugin.entry = *entry;
  return {};
}

Status compare_entry_with_note(PluginCandidate& plugin) {
  return check_entry(*plugin.entry, *plugin.note, *plugin.descriptor, plugin.path);
}

// All templates, or none. A newer generation of a file that is loaded already would be told apart here.
Status register_templates(PluginCandidate& plugin, EndpointRegistry& registry) {
  return registry.add(
      std::make_shared<const LoadedPlugin>(LoadedPlugin{plugin.path, *plugin.descriptor, plugin.entry}));
}

Status run_pipeline(PluginCandidate& plugin, EndpointRegistry& registry) {
  for (Step step : steps_before_load)
    if (Status status = step(plugin); !status) return status;
  drop_bytes(plugin);
  // Asked here as well as at the end, so that code of a plugin that cannot be registered never runs.
  if (Status status = registry.can_add(*plugin.descriptor, plugin.path); !status) return status;
  if (Status status = load_into_process(plugin); !status) return status;
  if (Status status = compare_entry_with_note(plugin); !status) return status;
  return register_templates(plugin, registry);
}

PluginReport refused(const fs::path& path, const Error& error, std::string plugin_id = {}) {
  return {path, PluginOutcome::refused, error.code(), error.message(), error.hint(), std::move(plugin_id)};
}

PluginReport load_checked_file(const fs::path& file, EndpointRegistry& registry) {
  PluginCandidate plugin(file);
  Status status = run_pipeline(plugin, registry);
  std::string id = plugin.descriptor ? plugin.descriptor->id : std::string();
  return status ? PluginReport{file, PluginOutcome::loaded, {}, {}, {}, std::move(id)}
                : refused(file, status.error(), std::move(id));
}

fs::path full_path(const fs::path& path) {
  std::error_code failure;
  fs::path out = fs::absolute(path, failure);
  return failure ? path : out.lexically_normal();
}

// Absolute paths of what ends in .so, sorted. Whatever it is: the pipeline refuses what is no regular file.
Result<std::vector<fs::path>> list_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
    if (!at->path().native().ends_with(".so")) continue;
    if (files.size() == max_files_in_folder)
      return refuse(Refusal::folder, folder,
                    "it holds more than " + std::to_string(max_files_in_folder) + " plugins");
    files.push_back(at->path());
  }
  if (failure) return refuse(Refusal::folder, folder, failure.message());
  std::sort(files.begin(), files.end());
  return files;
}

void load_folder(const fs::path& folder, EndpointRegistry& registry, std::vector<PluginReport>& reports) {
  Status trusted = check_folder(folder);
  Result<std::vector<fs::path>> files = list_folder(folder);
  if (!trusted) reports.push_back(refused(folder, trusted.error()));
  if (!files) {
    if (trusted) reports.push_back(refused(folder, files.error()));
    return;
  }
  for (const fs::path& file : *files)
    reports.push_back(trusted ? load_checked_file(file, registry) : refused(file, trusted.error()));
}

}  // namespace

std::vector<PluginReport> load_plugin_folders(std::span<const fs::path> folders, EndpointRegistry& registry) {
  std::vector<PluginReport> reports;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    std::error_code failure;
    fs::path same = fs::canonical(folder, failure);
    if (!seen.insert(failure ? full_path(folder) : same).second) continue;
    load_folder(full_path(folder), registry, reports);
  }
  for (const PluginReport& report : reports) registry.record(report);
  return reports;
}

PluginReport load_plugin_file(const fs::path& file, EndpointRegistry& registry) {
  fs::path path = full_path(file);
  Status trusted = check_folder(path.parent_path());
  PluginReport report = trusted ? load_checked_file(path, registry) : refused(path, trusted.error());
  registry.record(report);
  return report;
}

PluginInspection inspect_plugin(const fs::path& file) {
  PluginCandidate plugin(full_path(file));
  PluginInspection out;
  out.path = plugin.path;
  for (Step step : steps_before_load)
    if (Status status = step(plugin); !status) {
      out.refusal = std::move(status).take_error();
      break;
    }
  if (plugin.image)
    for (std::string_view name : plugin.image->needed()) out.needed.emplace_back(name);
  out.note = std::move(plugin.note);
  out.descriptor = std::move(plugin.descriptor);
  return out;
}

}  // namespace sluice::host
