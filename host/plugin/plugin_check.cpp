#include "host/plugin/plugin_check.hpp"

#include <utility>

#include "host/plugin/plugin_entry.hpp"

namespace sluice::host {

Status open_file(PluginCandidate& plugin) {
  if (plugin.file) return {};
  Result<PluginFile> file = PluginFile::open(plugin.path);
  if (!file) return std::move(file).error();
  plugin.file.emplace(*std::move(file));
  return {};
}

Status read_file(PluginCandidate& plugin) {
  Result<std::vector<uint8_t>> bytes = plugin.file->read();
  if (!bytes) return std::move(bytes).error();
  plugin.bytes = *std::move(bytes);
  return {};
}

Status read_elf(PluginCandidate& plugin) {
  Result<ElfImage> image = ElfImage::parse(plugin.bytes, plugin.path);
  if (!image) return std::move(image).error();
  plugin.image = *std::move(image);
  return {};
}

Status read_note(PluginCandidate& plugin) {
  auto section = plugin.image->section(SLUICE_NOTE_SECTION);
  if (!section) return refuse(Refusal::no_note, plugin.path);
  Result<PluginNote> note = read_plugin_note(*section, plugin.path);
  if (!note) return std::move(note).error();
  plugin.note = *std::move(note);
  return {};
}

Status check_entry_symbol(PluginCandidate& plugin) {
  const DynamicSymbol* symbol = plugin.image->find_symbol(SLUICE_PLUGIN_SYMBOL);
  if (!symbol || !symbol->exported) return refuse(Refusal::no_entry, plugin.path);
  if (!symbol->is_object) return refuse(Refusal::entry, plugin.path, "it is not data");
  if (symbol->size < sizeof(sluice_plugin))
    return refuse(Refusal::entry, plugin.path,
                  "it is " + std::to_string(symbol->size) + " bytes long and must be at least " +
                      std::to_string(sizeof(sluice_plugin)));
  return {};
}

Status check_abi(PluginCandidate& plugin) {
  return check_abi_range(plugin.note->abi_oldest, plugin.note->abi_version, plugin.path);
}

Status read_descriptor(PluginCandidate& plugin) {
  Result<PluginDescriptor> descriptor = parse_descriptor(plugin.note->descriptor_text, plugin.path);
  if (!descriptor) return std::move(descriptor).error();
  plugin.descriptor = *std::move(descriptor);
  return {};
}

Status check_needs(PluginCandidate& plugin) {
  std::optional<SystemLibraries> own;
  SystemLibraries& libraries = plugin.libraries ? *plugin.libraries : own.emplace();
  plugin.needs = find_needs(*plugin.image, plugin.path, libraries);
  return judge_needs(*plugin.needs, plugin.path);
}

Status check_beside(PluginCandidate& plugin) {
  plugin.companions = find_companions(*plugin.image, *plugin.needs, plugin.path);
  return check_companions(plugin.companions, plugin.path);
}

}  // namespace sluice::host
