// One library of this system, read from its file without loading it: what it exports, which versions it
// defines and what it needs in turn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/plugin/elf_image.hpp"

namespace sluice::host {

// One thread. Not movable: the image looks into the bytes.
class SystemLibrary {
 public:
  enum class Kind : uint8_t {
    library,
    // For another machine: the loader goes on with its search.
    other_machine,
    // There, but unreadable or in a form that is not known here: what it holds cannot be told.
    unknown,
  };

  // Nothing when there is no regular file of that name. Reads only the tables that ElfImage looks at, into
  // memory of its own: a mapped file that somebody cuts off would end the process.
  static std::unique_ptr<SystemLibrary> read(const std::filesystem::path& file);

  SystemLibrary(const SystemLibrary&) = delete;
  SystemLibrary& operator=(const SystemLibrary&) = delete;
  ~SystemLibrary();

  Kind kind() const { return kind_; }
  const std::filesystem::path& path() const { return path_; }
  // Only for the kind `library`.
  const ElfImage& image() const { return *image_; }

  // As the loader matches: a reference without version takes any, and a symbol without version serves any
  // reference.
  bool exports(std::string_view name, std::string_view version) const;
  // A library that defines no versions at all is taken as it is.
  bool defines_version(std::string_view version) const;

 private:
  explicit SystemLibrary(std::filesystem::path path) : path_(std::move(path)) {}
  bool read_tables(int file, uint64_t size);

  const std::filesystem::path path_;
  Kind kind_ = Kind::unknown;
  std::span<uint8_t> bytes_;  // as long as the file; pages that were not asked for stay empty
  std::optional<ElfImage> image_;
  struct Versions {
    std::string_view first;  // nearly every symbol has one
    std::vector<std::string_view> more;
  };
  // Made when first asked for.
  mutable std::optional<std::unordered_map<std::string_view, Versions>> exports_;
};

}  // namespace sluice::host
