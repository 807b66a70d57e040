// The steps that judge a plugin file before any of its code
// runs. Each takes what earlier steps found and adds its own.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/elf_image.hpp"
#include "host/plugin/loaded_plugin.hpp"
#include "host/plugin/plugin_note.hpp"

namespace sluice::host {

constexpr uint64_t max_plugin_bytes = uint64_t{1} << 30;

// One file on its way through the pipeline. `image` looks into `bytes`, so a candidate stays where it is.
struct PluginCandidate {
  explicit PluginCandidate(std::filesystem::path absolute) : path(std::move(absolute)) {}
  PluginCandidate(const PluginCandidate&) = delete;
  PluginCandidate& operator=(const PluginCandidate&) = delete;

  const std::filesystem::path path;
  std::vector<uint8_t> bytes;
  std::optional<ElfImage> image;
  std::optional<PluginNote> note;
  std::optional<PluginDescriptor> descriptor;
  const sluice_plugin* entry = nullptr;
};

// Why others than root and the host's user could change what
// has this status, in words; nothing when they cannot.
std::optional<std::string> distrust(const struct stat& status);

// The folder can be listed and trusted.
Status check_folder(const std::filesystem::path& folder);

// A regular file (no link), trusted, of bounded size; reads
// its bytes through the descriptor that was checked.
Status read_file(PluginCandidate& plugin);
// A shared library for this machine.
Status read_elf(PluginCandidate& plugin);
// The Sluice note is there and whole.
Status read_note(PluginCandidate& plugin);
// The entry symbol is exported data of sufficient size.
Status check_entry_symbol(PluginCandidate& plugin);
// Host and plugin share an ABI version.
Status check_abi(PluginCandidate& plugin);
// The note's descriptor is valid.
Status read_descriptor(PluginCandidate& plugin);

}  // namespace sluice::host
