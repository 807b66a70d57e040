#include "host/plugin/plugin_entry.hpp"

#include <string>
#include <string_view>

namespace sluice::host {
namespace {

std::string_view missing_function(const ScannedEntry& entry, const PluginDescriptor& descriptor) {
  for (const TemplateDescriptor& item : descriptor.templates) {
    if (item.source && !entry.create_source) return "create_source";
    if (item.sink && !entry.create_sink) return "create_sink";
    if (item.staging && !entry.create_staging) return "create_staging";
  }
  return {};
}

}  // namespace

ScannedEntry read_entry(const sluice_plugin& entry) {
  ScannedEntry out;
  out.aligned = reinterpret_cast<uintptr_t>(&entry) % alignof(sluice_plugin) == 0;
  if (!out.aligned) return out;
  out.size = entry.size;
  if (entry.size < sizeof(sluice_plugin)) return out;
  out.abi_version = entry.abi_version;
  out.abi_oldest = entry.abi_oldest;
  if (entry.descriptor.data && entry.descriptor.size <= SLUICE_DESCRIPTOR_MAX_BYTES)
    out.descriptor = view(entry.descriptor);
  out.create_source = entry.create_source != nullptr;
  out.create_sink = entry.create_sink != nullptr;
  out.create_staging = entry.create_staging != nullptr;
  return out;
}

Status check_abi_range(uint32_t abi_oldest, uint32_t abi_version, const std::filesystem::path& file) {
  if (abi_oldest >= 1 && abi_oldest <= abi_version && abi_version >= SLUICE_ABI_OLDEST &&
      abi_oldest <= SLUICE_ABI_VERSION)
    return {};
  auto range = [](uint32_t from, uint32_t to) { return std::to_string(from) + ".." + std::to_string(to); };
  return refuse(Refusal::abi, file,
                "it lives in hosts of ABI " + range(abi_oldest, abi_version) + ", this host speaks " +
                    range(SLUICE_ABI_OLDEST, SLUICE_ABI_VERSION));
}

Status check_entry_shape(const ScannedEntry& entry, const std::filesystem::path& file) {
  if (!entry.aligned) return refuse(Refusal::entry, file, "it is not aligned");
  if (entry.size < sizeof(sluice_plugin))
    return refuse(Refusal::entry, file,
                  "it is " + std::to_string(entry.size) + " bytes long and must be at least " +
                      std::to_string(sizeof(sluice_plugin)));
  if (entry.descriptor.empty()) return refuse(Refusal::entry, file, "its descriptor is absent or too long");
  return {};
}

Status check_entry(const ScannedEntry& entry, const PluginNote& note, const PluginDescriptor& descriptor,
                   const std::filesystem::path& file) {
  if (Status shape = check_entry_shape(entry, file); !shape) return shape;
  if (entry.abi_oldest != note.abi_oldest || entry.abi_version != note.abi_version)
    return refuse(Refusal::note_mismatch, file, "the ABI ranges differ");
  if (entry.descriptor != note.descriptor_text)
    return refuse(Refusal::note_mismatch, file, "the descriptors differ");
  if (std::string_view name = missing_function(entry, descriptor); !name.empty())
    return refuse(Refusal::entry, file,
                  std::string(name) + " is missing, although a template has the role that needs it");
  return {};
}

}  // namespace sluice::host
