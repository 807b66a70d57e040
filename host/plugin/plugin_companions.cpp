#include "host/plugin/plugin_companions.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "host/plugin/plugin_file.hpp"

namespace sluice::host {
namespace {

namespace fs = std::filesystem;

bool has_origin(std::string_view search_path) {
  return search_path.find("$ORIGIN") != std::string_view::npos ||
         search_path.find("${ORIGIN}") != std::string_view::npos;
}

// What is not there is for the loader to miss.
std::optional<std::string> distrust_at(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return distrust(status);
}

}  // namespace

std::vector<fs::path> find_companions(const ElfImage& image, const PluginNeeds& needs, const fs::path& file) {
  std::vector<fs::path> companions;
  if (!has_origin(image.runpath()) && !has_origin(image.rpath())) return companions;
  const LibraryFolders folders = library_folders(image, file);
  const auto lies_in = [](const fs::path& library, const std::vector<fs::path>& list) {
    return std::any_of(list.begin(), list.end(),
                       [&](const fs::path& folder) { return folder / library.filename() == library; });
  };
  for (const NeededLibrary& library : needs.libraries)
    if (!library.path.empty() &&
        (lies_in(library.path, folders.rpath) || lies_in(library.path, folders.runpath)))
      companions.push_back(library.path);
  // They are named breadth first: those that others need come last, and are to be there first.
  std::reverse(companions.begin(), companions.end());
  return companions;
}

Status check_companions(std::span<const fs::path> companions, const fs::path& file) {
  for (const fs::path& companion : companions)
    for (const fs::path& place : {companion, companion.parent_path()})
      if (const auto reason = distrust_at(place))
        return refuse(Refusal::permissions, file, "it needs " + place.string() + ", and " + *reason);
  return {};
}

}  // namespace sluice::host
