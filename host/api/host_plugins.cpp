// The host's plugins: looked for at the start, looked at again, watched, listed.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdlib>

#include "host/api/descriptor_json.hpp"
#include "host/api/host_parts.hpp"

namespace sluice::host {

namespace {

using Generations = PluginChanges::Generations;

boost::json::array listed(const Generations& generations) {
  boost::json::array list;
  for (const auto& plugin : generations)
    list.push_back(boost::json::object{{"path", plugin->path.string()},
                                       {"id", plugin->descriptor.id},
                                       {"version", plugin->descriptor.version},
                                       {"generation", plugin->number}});
  return list;
}

boost::json::object to_json(const PluginChanges& changes) {
  boost::json::array refused;
  for (const PluginReport& report : changes.refused)
    refused.push_back(boost::json::object{{"path", report.path.string()},
                                          {"id", report.plugin_id},
                                          {"code", report.code},
                                          {"reason", report.reason},
                                          {"hint", report.hint}});
  return {{"added", listed(changes.added)},
          {"replaced", listed(changes.replaced)},
          {"removed", listed(changes.removed)},
          {"refused", std::move(refused)}};
}

boost::json::object entry_of(const KnownGeneration& known) {
  const PluginGeneration& plugin = *known.plugin;
  boost::json::array runs;
  for (std::string& run : plugin.runs()) runs.emplace_back(std::move(run));
  boost::json::object entry{{"path", plugin.path.string()},    {"outcome", to_string(PluginOutcome::loaded)},
                            {"state", to_string(known.state)}, {"generation", plugin.number},
                            {"digest", plugin.digest},         {"scannedAt", plugin.scanned_at},
                            {"runs", std::move(runs)}};
  for (auto& member : describe(plugin.descriptor)) entry.insert(member);
  entry["abi"] = {{"oldest", plugin.abi_oldest}, {"newest", plugin.abi_version}};
  return entry;
}

boost::json::object entry_of(const PluginReport& report) {
  return {{"path", report.path.string()}, {"outcome", to_string(report.outcome)},
          {"state", "refused"},           {"id", report.plugin_id},
          {"digest", report.digest},      {"scannedAt", report.scanned_at},
          {"code", report.code},          {"reason", report.reason},
          {"hint", report.hint}};
}

}  // namespace

std::filesystem::path Host::Parts::cache_folder() const {
  if (!options.cache_folder.empty()) return options.cache_folder;
  const char* folder = options.use_environment ? std::getenv("SLUICE_PLUGIN_CACHE") : nullptr;
  if (folder && *folder) return folder;
  if (!catalog.config.plugin_cache.empty()) return catalog.config.base_dir / catalog.config.plugin_cache;
  return ScanCache::default_folder();
}

void Host::Parts::load_plugins() {
  scan_cache.emplace(cache_folder(), SLUICE_VERSION);
  plugins.emplace(plugin_folders, catalog.registry,
                  LoadSettings{scanner.get(), &*scan_cache, catalog.config.plugin_digests});
  say(plugins->rescan());
}

PluginChanges Host::Parts::reload() {
  PluginChanges changes = plugins->rescan();
  say(changes);
  return changes;
}

void Host::Parts::say(const PluginChanges& changes) {
  const auto tell = [&](const Generations& generations, std::string_view what) {
    for (const auto& plugin : generations)
      log.write(Severity::debug, what,
                {{"path", plugin->path.string()},
                 {"plugin", plugin->descriptor.id},
                 {"version", plugin->descriptor.version},
                 {"generation", std::to_string(plugin->number)}});
  };
  tell(changes.added, "plugin loaded");
  tell(changes.replaced, "plugin replaced");
  tell(changes.removed, "plugin retired");
  for (const PluginReport& report : changes.refused)
    log.write(Severity::warning, "plugin refused: " + report.reason,
              {{"path", report.path.string()}, {"plugin", report.plugin_id}, {"code", report.code}});
  // Without a cache everything works, only slower.
  if (Status saved = scan_cache->save(); !saved) log.error(Severity::debug, saved.error());
}

void Host::Parts::watch_plugins() {
  if (!options.watch_plugins) return;
  watch = std::make_unique<PluginWatch>(plugin_folders, [this] {
    (void)reload();
    plugins->make_copies();
  });
  if (!watch->is_notified())
    log.write(Severity::warning,
              "the system tells no changes of folders: plugin folders are looked at every 2 s", {});
}

Reply Host::plugins() const {
  return guarded([&]() -> Reply {
    boost::json::array list;
    const std::vector<KnownGeneration> generations = parts_->catalog.registry.generations();
    const std::vector<PluginReport> reports = parts_->catalog.registry.reports();
    for (const PluginReport& report : reports) {
      if (report.outcome == PluginOutcome::refused) list.push_back(entry_of(report));
      for (const KnownGeneration& known : generations)
        if (known.plugin->path == report.path) list.push_back(entry_of(known));
    }
    const auto is_listed = [&](const KnownGeneration& known) {
      return std::any_of(reports.begin(), reports.end(),
                         [&](const PluginReport& report) { return report.path == known.plugin->path; });
    };
    // Of files that are gone.
    for (const KnownGeneration& known : generations)
      if (!is_listed(known)) list.push_back(entry_of(known));
    boost::json::array folders;
    for (const auto& folder : parts_->plugin_folders) folders.emplace_back(folder.string());
    return reply({{"folders", std::move(folders)}, {"plugins", std::move(list)}});
  });
}

Reply Host::reload_plugins() {
  return guarded([&] { return reply(to_json(parts_->reload())); });
}

Reply Host::retry_plugins(std::string_view file) {
  return guarded([&]() -> Reply {
    Result<PluginChanges> changes = parts_->plugins->retry(file);
    if (!changes) return failure_reply(changes.error());
    parts_->say(*changes);
    return reply(to_json(*changes));
  });
}

}  // namespace sluice::host
