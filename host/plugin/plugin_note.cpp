#include "host/plugin/plugin_note.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "sluice/abi/plugin.h"

namespace sluice::host {
namespace {

uint64_t padded(uint32_t size) {
  return (uint64_t{size} + 3) & ~uint64_t{3};
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<PluginNote> read_content(std::span<const uint8_t> content, const std::filesystem::path& file) {
  sluice_note head;
  if (content.size() < sizeof head)
    return refuse(Refusal::bad_note, file, "it is shorter than its fixed part");
  std::memcpy(&head, content.data(), sizeof head);
  std::span<const uint8_t> descriptor = content.subspan(sizeof head);
  if (head.descriptor_bytes > SLUICE_DESCRIPTOR_MAX_BYTES)
    return refuse(Refusal::bad_note, file,
                  "its descriptor claims " + std::to_string(head.descriptor_bytes) + " bytes; at most " +
                      std::to_string(SLUICE_DESCRIPTOR_MAX_BYTES) + " are allowed");
  if (head.descriptor_bytes > descriptor.size())
    return refuse(Refusal::bad_note, file,
                  "its descriptor claims " + std::to_string(head.descriptor_bytes) + " bytes, the note has " +
                      std::to_string(descriptor.size()));
  return PluginNote{head.abi_oldest, head.abi_version,
                    std::string(text_of(descriptor.first(head.descriptor_bytes)))};
}

}  // namespace

Result<PluginNote> read_plugin_note(std::span<const uint8_t> section, const std::filesystem::path& file) {
  std::optional<std::span<const uint8_t>> found;
  // Each turn consumes at least a note header, so the section's size bounds the loop.
  while (section.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    std::memcpy(&note, section.data(), sizeof note);
    section = section.subspan(sizeof note);
    uint64_t name_size = padded(note.n_namesz);
    if (name_size > section.size() || note.n_descsz > section.size() - name_size)
      return refuse(Refusal::bad_note, file, "it is longer than its section");

    std::string_view name = text_of(section.first(note.n_namesz));
    name = name.substr(0, name.find('\0'));
    if (name == SLUICE_NOTE_NAME && note.n_type == SLUICE_NOTE_DESCRIPTOR) {
      if (found) return refuse(Refusal::bad_note, file, "there are two of them");
      found = section.subspan(name_size, note.n_descsz);
    }
    // The last note's padding may be missing.
    section = section.subspan(std::min<uint64_t>(name_size + padded(note.n_descsz), section.size()));
  }
  if (!found) return refuse(Refusal::no_note, file);
  return read_content(*found, file);
}

}  // namespace sluice::host
