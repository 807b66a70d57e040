// Libraries that lie beside a plugin, where its $ORIGIN points. The loader finds them for the operator's
// file, and not for the private copy, which lies nowhere: they are loaded first, from their places, and then
// found by their names.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "host/plugin/elf_image.hpp"
#include "host/plugin/plugin_needs.hpp"
#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

// In the order in which they are to be loaded; empty when the plugin has no $ORIGIN. `file` is the
// operator's.
std::vector<std::filesystem::path> find_companions(const ElfImage& image, const PluginNeeds& needs,
                                                   const std::filesystem::path& file);

// Only root and the host's user can change them and put others in their place; fails with the refusal
// permissions.
Status check_companions(std::span<const std::filesystem::path> companions, const std::filesystem::path& file);

}  // namespace sluice::host
