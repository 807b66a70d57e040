// Finds libraries as glibc's loader would, without loading them, and keeps what it read: one object serves a
// scan of folders, so that fifty plugins read libc and libstdc++ once. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/elf_image.hpp"
#include "host/plugin/loader_cache.hpp"
#include "host/plugin/system_library.hpp"

namespace sluice::host {

// The folders that a library brings for the search of what it needs.
struct LibraryFolders {
  std::vector<std::filesystem::path> rpath, runpath;
  // An entry was left out: it has a token that only the loader can expand, or there are too many of them. A
  // library that is not found may then lie there.
  bool incomplete = false;
};
// `file` is the library's own path, for $ORIGIN. DT_RPATH also speaks for what the library's own libraries
// need: `user` is the library that this one was needed by, if any.
LibraryFolders library_folders(const ElfImage& image, const std::filesystem::path& file,
                               const LibraryFolders* user = nullptr);

// Where the loader of this process looks besides; a test may name other places.
struct LoaderPlaces {
  static LoaderPlaces of_this_process();

  std::filesystem::path cache_file;
  std::vector<std::filesystem::path> library_path;    // LD_LIBRARY_PATH
  std::vector<std::filesystem::path> system_folders;  // what the loader knows by itself
  std::vector<std::filesystem::path> loaded;          // objects that are in the process
  bool incomplete = false;                            // as in LibraryFolders
};

class SystemLibraries {
 public:
  explicit SystemLibraries(LoaderPlaces places = LoaderPlaces::of_this_process());

  // `library` is nothing when there is none; `certain` says whether the loader would find none either. It
  // lives as long as this object.
  struct Found {
    const SystemLibrary* library = nullptr;
    bool certain = true;
  };
  Found find(std::string_view name, const LibraryFolders& folders);

  // The places that find() looks at, in words.
  std::string places_searched(const LibraryFolders& folders) const;

 private:
  const SystemLibrary* read(const std::filesystem::path& file);
  const SystemLibrary* in_folders(std::string_view name, const std::vector<std::filesystem::path>& folders);
  const SystemLibrary* among_loaded(std::string_view name);
  const SystemLibrary* by_names_of_loaded(std::string_view name);

  const LoaderPlaces places_;
  const std::optional<LoaderCache> cache_;
  std::map<std::filesystem::path, std::unique_ptr<SystemLibrary>> read_;  // null: no such file
};

}  // namespace sluice::host
