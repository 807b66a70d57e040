// What a plugin needs of the system, known before a byte of it runs: libraries, their versions, symbols, and
// the least C library. Where the reader cannot tell, nothing is missing: the loader has the last word.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/plugin/elf_image.hpp"
#include "host/plugin/refusal.hpp"
#include "host/plugin/system_libraries.hpp"
#include "host/result.hpp"

namespace sluice::host {

struct MissingVersion {
  std::string version;
  std::string here;       // the highest of its kind that the library has, if any: GLIBC_2.36
  std::string needed_by;  // the library that needs it, empty for the plugin
};

struct NeededLibrary {
  std::string name;
  std::filesystem::path path;  // empty: not found
  bool missing = false;        // certainly
  std::string needed_by;       // the library that names it first, empty for the plugin
  std::string searched;        // where it was looked for, when it is missing
  std::vector<MissingVersion> missing_versions;
};

constexpr size_t max_missing_symbols = 100;

struct PluginNeeds {
  std::vector<NeededLibrary> libraries;      // those the plugin names, then theirs
  std::vector<std::string> missing_symbols;  // as in the file, name or name@version; the first hundred
  size_t missing_symbol_count = 0;
  std::string libc_floor;  // the highest GLIBC version that the plugin needs, "2.34"; empty when none
  std::string libc_here;   // empty when the C library is not glibc
};

// `file` stands for $ORIGIN.
PluginNeeds find_needs(const ElfImage& image, const std::filesystem::path& file, SystemLibraries& libraries);

// Fails with the refusals library_missing, library_version and symbol_missing, in this order.
Status judge_needs(const PluginNeeds& needs, const std::filesystem::path& file);

}  // namespace sluice::host
