#include "host/registry/endpoint_registry.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "host/config/nearest_name.hpp"
#include "host/plugin/refusal.hpp"

namespace sluice::host {

Status EndpointRegistry::can_add_locked(const PluginDescriptor& descriptor, const std::filesystem::path& file,
                                        const PluginGeneration* instead_of) const {
  for (const TemplateDescriptor& item : descriptor.templates) {
    auto taken = templates_.find(item.id);
    if (taken == templates_.end() || taken->second->plugin.get() == instead_of) continue;
    return refuse(
        Refusal::duplicate_template, file,
        item.id + " is in " + file.string() + " and was first in " + taken->second->plugin->path.string());
  }
  return {};
}

Status EndpointRegistry::can_add(const PluginDescriptor& descriptor, const std::filesystem::path& file,
                                 const PluginGeneration* instead_of) const {
  std::shared_lock lock(mutex_);
  return can_add_locked(descriptor, file, instead_of);
}

Status EndpointRegistry::add(const std::shared_ptr<const PluginGeneration>& plugin,
                             const PluginGeneration* instead_of) {
  std::map<std::string, EndpointTemplatePtr, std::less<>> added;
  for (const TemplateDescriptor& item : plugin->descriptor.templates)
    added.emplace(item.id, std::make_shared<const EndpointTemplate>(EndpointTemplate{item, plugin}));

  std::unique_lock lock(mutex_);
  if (Status status = can_add_locked(plugin->descriptor, plugin->path, instead_of); !status) return status;
  // What may want memory comes first: from here on nothing fails halfway.
  active_.reserve(active_.size() + 1);
  older_.reserve(older_.size() + 1);
  if (instead_of) take_out_locked(*instead_of, GenerationState::replaced);
  active_.push_back(plugin);
  templates_.merge(added);  // moves nodes
  return {};
}

void EndpointRegistry::retire(const PluginGeneration& plugin) {
  std::unique_lock lock(mutex_);
  older_.reserve(older_.size() + 1);
  take_out_locked(plugin, GenerationState::retired);
}

void EndpointRegistry::take_out_locked(const PluginGeneration& plugin, GenerationState state) {
  std::erase_if(older_, [](const OlderGeneration& older) { return older.plugin.expired(); });
  const auto active =
      std::find_if(active_.begin(), active_.end(), [&](const auto& each) { return each.get() == &plugin; });
  if (active == active_.end()) return;
  const std::shared_ptr<const PluginGeneration> kept = *active;  // until the templates are out
  older_.push_back({kept, state});
  active_.erase(active);
  std::erase_if(templates_, [&](const auto& item) { return item.second->plugin == kept; });
}

std::vector<KnownGeneration> EndpointRegistry::generations() const {
  std::vector<KnownGeneration> all;
  {
    std::shared_lock lock(mutex_);
    for (const auto& plugin : active_) all.push_back({plugin, GenerationState::active});
    for (const OlderGeneration& older : older_)
      if (auto plugin = older.plugin.lock(); plugin && !plugin->runs().empty())
        all.push_back({std::move(plugin), older.state});
  }
  std::sort(all.begin(), all.end(), [](const KnownGeneration& one, const KnownGeneration& other) {
    if (one.plugin->path != other.plugin->path) return one.plugin->path < other.plugin->path;
    return one.plugin->number > other.plugin->number;
  });
  return all;
}

EndpointTemplatePtr EndpointRegistry::find(std::string_view template_id) const {
  std::shared_lock lock(mutex_);
  auto found = templates_.find(template_id);
  return found == templates_.end() ? nullptr : found->second;
}

Result<EndpointTemplatePtr> EndpointRegistry::require(std::string_view template_id) const {
  if (EndpointTemplatePtr found = find(template_id)) return found;
  std::shared_lock lock(mutex_);
  std::string hint = did_you_mean(template_id, names_of(templates_));
  if (hint.empty()) hint = "list the endpoint templates to see what the loaded plugins provide";
  return Error(ErrorClass::config, "E_TEMPLATE_UNKNOWN",
               "no loaded plugin provides the endpoint template " + std::string(template_id),
               std::string(template_id), std::move(hint));
}

std::optional<std::string> EndpointRegistry::nearest(std::string_view template_id) const {
  std::shared_lock lock(mutex_);
  return nearest_name(template_id, names_of(templates_));
}

std::vector<EndpointTemplatePtr> EndpointRegistry::list() const {
  std::shared_lock lock(mutex_);
  std::vector<EndpointTemplatePtr> all;
  all.reserve(templates_.size());
  for (const auto& [id, item] : templates_) all.push_back(item);
  return all;
}

void EndpointRegistry::record(PluginReport report) {
  std::unique_lock lock(mutex_);
  auto same = std::find_if(reports_.begin(), reports_.end(),
                           [&](const PluginReport& known) { return known.path == report.path; });
  if (same == reports_.end())
    reports_.push_back(std::move(report));
  else
    *same = std::move(report);
}

void EndpointRegistry::forget(const std::filesystem::path& path) {
  std::unique_lock lock(mutex_);
  std::erase_if(reports_, [&](const PluginReport& report) { return report.path == path; });
}

std::vector<PluginReport> EndpointRegistry::reports() const {
  std::shared_lock lock(mutex_);
  return reports_;
}

Result<SourceHandle> EndpointRegistry::create_source(std::string_view template_id, std::string_view config,
                                                     const sluice_host* host) const {
  Result<EndpointTemplatePtr> found = require(template_id);
  if (!found) return std::move(found).error();
  return SourceHandle::create(*std::move(found), config, host);
}

Result<SinkHandle> EndpointRegistry::create_sink(std::string_view template_id, std::string_view config,
                                                 const sluice_host* host) const {
  Result<EndpointTemplatePtr> found = require(template_id);
  if (!found) return std::move(found).error();
  return SinkHandle::create(*std::move(found), config, host);
}

Result<StagingHandle> EndpointRegistry::create_staging(std::string_view template_id, std::string_view config,
                                                       const sluice_host* host) const {
  Result<EndpointTemplatePtr> found = require(template_id);
  if (!found) return std::move(found).error();
  return StagingHandle::create(*std::move(found), config, host);
}

}  // namespace sluice::host
