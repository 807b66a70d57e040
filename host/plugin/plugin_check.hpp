// The steps that judge a plugin file before any of its code
// runs. Each takes what earlier steps found and adds its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/plugin/elf_image.hpp"
#include "host/plugin/plugin_companions.hpp"
#include "host/plugin/plugin_file.hpp"
#include "host/plugin/plugin_needs.hpp"
#include "host/plugin/plugin_note.hpp"

namespace sluice::host {

// One file on its way through the pipeline. `image` looks into `bytes`, so a candidate stays where it is.
struct PluginCandidate {
  explicit PluginCandidate(std::filesystem::path absolute) : path(std::move(absolute)) {}
  PluginCandidate(const PluginCandidate&) = delete;
  PluginCandidate& operator=(const PluginCandidate&) = delete;

  const std::filesystem::path path;
  std::optional<PluginFile> file;
  std::vector<uint8_t> bytes;
  std::optional<ElfImage> image;
  std::optional<PluginNote> note;
  std::optional<PluginDescriptor> descriptor;
  // Shared by the files of one scan, so that each library is read once; check_needs makes its own without.
  SystemLibraries* libraries = nullptr;
  std::optional<PluginNeeds> needs;
  std::vector<std::filesystem::path> companions;
};

// Opens the file, when it is not open yet.
Status open_file(PluginCandidate& plugin);
// Its bytes.
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
// This system has the libraries, versions and symbols that the plugin needs.
Status check_needs(PluginCandidate& plugin);
// The libraries that lie beside the file are to be trusted as it is.
Status check_beside(PluginCandidate& plugin);

}  // namespace sluice::host
