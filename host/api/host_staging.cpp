#include <unistd.h>

#include <cstdlib>

#include "host/api/host_parts.hpp"
#include "host/config/quantity.hpp"
#include "staging/abi/abi_provider.hpp"

namespace sluice::host {

namespace {

std::filesystem::path default_staging_folder() {
  if (geteuid() == 0) return "/var/lib/sluice/staging";
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state && *state == '/') return std::filesystem::path(state) / "sluice" / "staging";
  const char* home = std::getenv("HOME");
  if (home && *home == '/') return std::filesystem::path(home) / ".local" / "state" / "sluice" / "staging";
  return "/var/tmp/sluice-" + std::to_string(geteuid()) + "/staging";
}

}  // namespace

Result<staging::MmapSettings> Host::Parts::mmap_settings() const {
  staging::MmapSettings settings;
  settings.folder = default_staging_folder();
  const auto* mmap = catalog.config.staging.if_contains("mmap");
  if (!mmap || !mmap->is_object()) return settings;
  if (const auto* dir = mmap->get_object().if_contains("dir"); dir && dir->is_string())
    settings.folder = (catalog.config.base_dir / std::string(dir->get_string())).lexically_normal().string();
  while (settings.folder.size() > 1 && settings.folder.back() == '/') settings.folder.pop_back();
  if (const auto* floor = mmap->get_object().if_contains("minFree")) {
    Result<uint64_t> bytes = size_from(*floor, "staging.mmap.minFree");
    if (!bytes) return bytes.error();
    settings.min_free = *bytes;
  }
  return settings;
}

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
  if (id == "mmap") return &mmap_;
  auto found = from_plugins_.find(id);
  return found == from_plugins_.end() ? nullptr : found->second.get();
}

std::vector<std::string> HostStaging::ids() const {
  std::vector<std::string> all{"memory", "mmap"};
  for (const auto& [id, provider] : from_plugins_) all.push_back(id);
  return all;
}

}  // namespace sluice::host
