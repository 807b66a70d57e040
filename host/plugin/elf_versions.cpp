#include "host/plugin/elf_versions.hpp"

#include <elf.h>

#include "host/plugin/elf_bytes.hpp"

namespace sluice::host {
namespace {

// The index of a version has 15 bits. Chains step forward only, but their entries may overlap.
constexpr size_t max_versions = 32768;
constexpr uint16_t index_bits = 0x7fff;

}  // namespace

std::optional<std::string> ElfVersions::read_needs(std::span<const uint8_t> section, const Names& names) {
  if (section.empty()) return std::nullopt;
  uint64_t at = 0;
  for (size_t entries = 0; entries < max_versions; ++entries) {
    Elf64_Verneed need;
    if (!read_at(section, at, need)) return "its version needs are cut off";
    auto library = names(need.vn_file);
    if (!library) return "the library of a version need lies outside its table";
    uint64_t inner = at + need.vn_aux;
    for (unsigned left = need.vn_cnt; left > 0; --left) {
      Elf64_Vernaux version;
      if (!read_at(section, inner, version)) return "its version needs are cut off";
      auto name = names(version.vna_name);
      if (!name) return "the name of a version lies outside its table";
      if (needs_.size() == max_versions) return "it needs too many versions";
      keep(version.vna_other, *name);
      needs_.push_back({*library, *name, (version.vna_flags & VER_FLG_WEAK) != 0});
      if (version.vna_next == 0) break;
      inner += version.vna_next;
    }
    if (need.vn_next == 0) return std::nullopt;
    at += need.vn_next;
  }
  return "it needs versions of too many libraries";
}

std::optional<std::string> ElfVersions::read_definitions(std::span<const uint8_t> section,
                                                         const Names& names) {
  if (section.empty()) return std::nullopt;
  uint64_t at = 0;
  for (size_t entries = 0; entries < max_versions; ++entries) {
    Elf64_Verdef definition;
    Elf64_Verdaux first;  // those after it are the versions that this one succeeds
    if (!read_at(section, at, definition) || !read_at(section, at + definition.vd_aux, first))
      return "its version definitions are cut off";
    auto name = names(first.vda_name);
    if (!name) return "the name of a version lies outside its table";
    if ((definition.vd_flags & VER_FLG_BASE) == 0) {
      keep(definition.vd_ndx, *name);
      definitions_.push_back(*name);
    }
    if (definition.vd_next == 0) return std::nullopt;
    at += definition.vd_next;
  }
  return "it defines too many versions";
}

std::string_view ElfVersions::name_of(uint16_t entry) const {
  const size_t index = entry & index_bits;
  return index > VER_NDX_GLOBAL && index < by_index_.size() ? by_index_[index] : std::string_view();
}

void ElfVersions::keep(uint16_t index, std::string_view name) {
  index &= index_bits;
  if (by_index_.size() <= index) by_index_.resize(index + size_t{1});
  by_index_[index] = name;
}

}  // namespace sluice::host
