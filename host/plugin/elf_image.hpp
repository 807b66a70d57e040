// Reads what the host wants to know of a 64-bit ELF shared library from its
// bytes, without loading it. The bytes are outside data: every offset is
// checked against them, every count and the sum of all names are bounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/plugin/elf_versions.hpp"
#include "host/plugin/refusal.hpp"
#include "host/result.hpp"

namespace sluice::host {

struct DynamicSymbol {
  std::string_view name;
  std::string_view version;  // that it has, or wants of another library; often empty
  uint64_t size = 0;
  bool defined = false;
  bool exported = false;  // defined, and visible to whoever loads the library
  bool required = false;  // undefined and not weak: the library cannot be loaded without it
  bool is_object = false;
};

// All views point into the bytes given to parse(), which must outlive the image.
class ElfImage {
 public:
  // Fails with the refusals not_elf, machine, not_library and damaged. `file` only names the file in errors.
  static Result<ElfImage> parse(std::span<const uint8_t> bytes, const std::filesystem::path& file);

  // The content of the first section of that name.
  std::optional<std::span<const uint8_t>> section(std::string_view name) const;
  const std::vector<DynamicSymbol>& symbols() const { return symbols_; }
  const DynamicSymbol* find_symbol(std::string_view name) const;
  // For each of symbols(): whether the loader has to find it when it loads the library, because a relocation
  // speaks of it. Linkers may leave other names in the table. Reads all relocations.
  std::vector<bool> bound_symbols() const;
  // DT_NEEDED: the libraries that the loader will look for.
  const std::vector<std::string_view>& needed() const { return needed_; }
  // DT_SONAME, DT_RPATH, DT_RUNPATH; empty when there is none.
  std::string_view soname() const { return soname_; }
  std::string_view rpath() const { return rpath_; }
  std::string_view runpath() const { return runpath_; }
  const ElfVersions& versions() const { return versions_; }

 private:
  struct Section {
    std::string_view name;
    uint32_t type = 0;
    uint32_t link = 0;
    std::span<const uint8_t> content;
  };
  friend class ElfReader;

  std::vector<Section> sections_;
  std::vector<DynamicSymbol> symbols_;
  std::vector<std::string_view> needed_;
  std::string_view soname_, rpath_, runpath_;
  ElfVersions versions_;
};

}  // namespace sluice::host
