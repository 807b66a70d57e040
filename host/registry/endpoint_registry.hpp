// The one registry of endpoint templates: what plugins provide, by template
// id, and what became of every plugin file. Even bundled endpoints come
// into it only through their plugins. Every function is [any thread].
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/plugin_report.hpp"
#include "host/registry/endpoint_template.hpp"
#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"
#include "host/registry/staging_handle.hpp"
#include "host/result.hpp"

namespace sluice::host {

enum class GenerationState : uint8_t {
  active,    // its templates are in the registry
  replaced,  // a newer generation of its file is active
  retired,   // its file is gone
};

constexpr std::string_view to_string(GenerationState state) {
  switch (state) {
    case GenerationState::active:
      return "active";
    case GenerationState::replaced:
      return "replaced";
    case GenerationState::retired:
      return "retired";
  }
  return {};
}

struct KnownGeneration {
  std::shared_ptr<const PluginGeneration> plugin;
  GenerationState state = GenerationState::active;
};

class EndpointRegistry {
 public:
  EndpointRegistry() = default;
  EndpointRegistry(const EndpointRegistry&) = delete;
  EndpointRegistry& operator=(const EndpointRegistry&) = delete;

  // All templates of the plugin, or none: E_PLUGIN_DUPLICATE_TEMPLATE names both files. `plugin` must be
  // complete, as the loader or adopt_plugin() make it. `instead_of`, if any, is the active generation whose
  // templates go at the same moment; runs that have it keep it.
  Status add(const std::shared_ptr<const PluginGeneration>& plugin,
             const PluginGeneration* instead_of = nullptr);
  // What add() would say now.
  Status can_add(const PluginDescriptor& descriptor, const std::filesystem::path& file,
                 const PluginGeneration* instead_of = nullptr) const;
  // The file is gone: so are the templates, except for runs that have them.
  void retire(const PluginGeneration& plugin);

  // The active ones, and the older ones that still serve runs; by path, the newest first.
  std::vector<KnownGeneration> generations() const;

  // Null when there is none.
  EndpointTemplatePtr find(std::string_view template_id) const;
  // E_TEMPLATE_UNKNOWN (config), with the nearest known id, when there is none.
  Result<EndpointTemplatePtr> require(std::string_view template_id) const;
  std::optional<std::string> nearest(std::string_view template_id) const;
  // By id.
  std::vector<EndpointTemplatePtr> list() const;

  // What became of a file or folder, for `plugins list`. A later
  // record of the same path takes the place of the earlier.
  void record(PluginReport report);
  // There is nothing more to say of that path.
  void forget(const std::filesystem::path& path);
  // In the order of the first record of each path.
  std::vector<PluginReport> reports() const;

  // `config` is JSON text that fits the template's schema,
  // references resolved. `host` must outlive the handle.
  Result<SourceHandle> create_source(std::string_view template_id, std::string_view config,
                                     const sluice_host* host) const;
  Result<SinkHandle> create_sink(std::string_view template_id, std::string_view config,
                                 const sluice_host* host) const;
  Result<StagingHandle> create_staging(std::string_view template_id, std::string_view config,
                                       const sluice_host* host) const;

 private:
  struct OlderGeneration {
    std::weak_ptr<const PluginGeneration> plugin;  // kept by the runs, and by nothing here
    GenerationState state;
  };

  Status can_add_locked(const PluginDescriptor& descriptor, const std::filesystem::path& file,
                        const PluginGeneration* instead_of) const;
  void take_out_locked(const PluginGeneration& plugin, GenerationState state);

  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<const PluginGeneration>> active_;
  std::vector<OlderGeneration> older_;
  std::map<std::string, EndpointTemplatePtr, std::less<>> templates_;
  std::vector<PluginReport> reports_;
};

}  // namespace sluice::host
