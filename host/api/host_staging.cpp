#include "host/api/host_parts.hpp"
#include "staging/abi/abi_provider.hpp"

namespace sluice::host {

void HostStaging::add_plugins(const EndpointCatalog& catalog, const sluice_host* services,
                              std::vector<Error>& failures) {
  for (const EndpointTemplatePtr& of : catalog.registry.list()) {
    const std::string& id = of->descriptor.id;
    if (!of->descriptor.staging) continue;
    if (find(id)) {
      failures.push_back(Error(
          ErrorClass::config, "E_PROVIDER_TAKEN",
          "staging provider \"" + id + "\" of " + of->plugin->path.string() + " has a name that is taken",
          of->plugin->path.string()));
      continue;
    }
    InlineEndpoint description{id, {}};
    if (const auto* settings = catalog.config.staging.if_contains(id); settings && settings->is_object())
      description.parameters = settings->get_object();
    Result<EndpointSetup> setup = set_up_endpoint(catalog, id, description, "staging");
    if (!setup) {
      failures.push_back(setup.error());
      continue;
    }
    Result<StagingHandle> handle = StagingHandle::create(of, setup->config_text, services);
    if (!handle) {
      failures.push_back(std::move(handle).error());
      continue;
    }
    auto owner = std::make_shared<StagingHandle>(std::move(*handle));
    from_plugins_.emplace(id,
                          std::make_unique<staging::AbiProvider>(owner->provider(), full_name(*of), owner));
  }
}

StagingProvider* HostStaging::find(std::string_view id) const {
  if (id == "memory") return &memory_;
  auto found = from_plugins_.find(id);
  return found == from_plugins_.end() ? nullptr : found->second.get();
}

std::vector<std::string> HostStaging::ids() const {
  std::vector<std::string> all{"memory"};
  for (const auto& [id, provider] : from_plugins_) all.push_back(id);
  return all;
}

}  // namespace sluice::host
