// The symbol versions of a 64-bit ELF library: which versions of which libraries it needs (.gnu.version_r)
// and which it defines itself (.gnu.version_d). The bytes are outside data, as for elf_image.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::host {

struct VersionNeed {
  std::string_view library;  // as DT_NEEDED names it
  std::string_view version;
  bool weak = false;  // the loader goes on without it
};

class ElfVersions {
 public:
  // A name of the string table that belongs to the section, nothing when it lies outside.
  using Names = std::function<std::optional<std::string_view>(uint64_t offset)>;

  // Each takes the content of one section in and gives what is wrong with it, or nothing.
  std::optional<std::string> read_needs(std::span<const uint8_t> section, const Names& names);
  std::optional<std::string> read_definitions(std::span<const uint8_t> section, const Names& names);

  const std::vector<VersionNeed>& needs() const { return needs_; }
  // Without the base, which only repeats the library's own name.
  const std::vector<std::string_view>& definitions() const { return definitions_; }
  // The version behind an entry of .gnu.version; empty for a symbol without one.
  std::string_view name_of(uint16_t entry) const;

 private:
  void keep(uint16_t index, std::string_view name);

  std::vector<VersionNeed> needs_;
  std::vector<std::string_view> definitions_;
  std::vector<std::string_view> by_index_;
};

}  // namespace sluice::host
