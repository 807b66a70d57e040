#include "host/plugin/system_libraries.hpp"

#include <link.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

namespace sluice::host {
namespace {

namespace fs = std::filesystem;

// Real libraries name a few. The product with the libraries needed bounds the calls to the system.
constexpr size_t max_folders = 64;
// Files tried in one scan, found or not.
constexpr size_t max_files = 20000;

// With $ORIGIN expanded; nothing when the loader alone knows what the text means.
std::optional<fs::path> expanded(std::string_view entry, const fs::path* origin) {
  std::string out;
  while (!entry.empty()) {
    if (entry.front() != '$') {
      out += entry.front();
      entry.remove_prefix(1);
      continue;
    }
    const bool braced = entry.starts_with("${ORIGIN}");
    if (!origin || (!braced && !entry.starts_with("$ORIGIN"))) return std::nullopt;
    entry.remove_prefix(braced ? 9 : 7);
    if (!braced && !entry.empty() && entry.front() != '/') return std::nullopt;
    out += origin->native();
  }
  return out.empty() ? fs::path(".") : fs::path(out);
}

// The folders of a text with colons between; false when one of them had to be left out.
bool add_folders(std::string_view text, const fs::path* origin, std::string_view between,
                 std::vector<fs::path>& out) {
  bool all = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(between), text.size());
    const std::optional<fs::path> folder = expanded(text.substr(0, end), origin);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (out.size() == max_folders) return false;
    if (folder && folder->native().size() < PATH_MAX)
      out.push_back(*folder);
    else
      all = false;
  }
  return all;
}

std::vector<fs::path> folders_of_system() {
  std::vector<fs::path> out;
#if defined(__x86_64__)
  out = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"};
#elif defined(__aarch64__)
  out = {"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"};
#endif
  for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) out.emplace_back(folder);
  return out;
}

int add_loaded(dl_phdr_info* info, size_t, void* out) {
  if (info->dlpi_name && info->dlpi_name[0] != '\0')
    static_cast<std::vector<fs::path>*>(out)->emplace_back(info->dlpi_name);
  return 0;
}

}  // namespace

LibraryFolders library_folders(const ElfImage& image, const fs::path& file, const LibraryFolders* user) {
  LibraryFolders out;
  const fs::path origin = file.parent_path();
  if (!image.runpath().empty()) {
    out.incomplete = !add_folders(image.runpath(), &origin, ":", out.runpath);
    return out;
  }
  if (!image.rpath().empty()) out.incomplete = !add_folders(image.rpath(), &origin, ":", out.rpath);
  if (!user) return out;
  out.incomplete = out.incomplete || user->incomplete;
  for (const fs::path& folder : user->rpath)
    if (out.rpath.size() < max_folders) out.rpath.push_back(folder);
  return out;
}

LoaderPlaces LoaderPlaces::of_this_process() {
  LoaderPlaces out;
  out.cache_file = "/etc/ld.so.cache";
  out.system_folders = folders_of_system();
  // As the loader: not in a process that has more rights than the user who started it.
  if (const char* text = ::secure_getenv("LD_LIBRARY_PATH"))
    out.incomplete = !add_folders(text, nullptr, ":;", out.library_path);
  // The program itself, whose name is empty there, comes first.
  out.loaded.emplace_back("/proc/self/exe");
  ::dl_iterate_phdr(add_loaded, &out.loaded);
  return out;
}

SystemLibraries::SystemLibraries(LoaderPlaces places)
    : places_(std::move(places)), cache_(read_loader_cache(places_.cache_file)) {}

const SystemLibrary* SystemLibraries::read(const fs::path& file) {
  const auto [at, is_new] = read_.try_emplace(file);
  if (is_new) at->second = SystemLibrary::read(file);
  return at->second.get();
}

const SystemLibrary* SystemLibraries::in_folders(std::string_view name,
                                                 const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders)
    if (const SystemLibrary* found = read(folder / name);
        found && found->kind() != SystemLibrary::Kind::other_machine)
      return found;
  return nullptr;
}

const SystemLibrary* SystemLibraries::among_loaded(std::string_view name) {
  for (const fs::path& file : places_.loaded)
    if (file == name || file.filename() == name)
      if (const SystemLibrary* found = read(file)) return found;
  return nullptr;
}

// What costs more, and is rarely needed: libraries loaded under a file name that is not theirs, and the
// DT_RPATH of the program and its libraries, which serves whatever they load.
const SystemLibrary* SystemLibraries::by_names_of_loaded(std::string_view name) {
  for (const fs::path& file : places_.loaded) {
    const SystemLibrary* loaded = read(file);
    if (!loaded || loaded->kind() != SystemLibrary::Kind::library) continue;
    if (loaded->image().soname() == name) return loaded;
    if (loaded->image().rpath().empty()) continue;
    std::error_code failure;
    const fs::path real = fs::canonical(file, failure);
    if (const SystemLibrary* found = in_folders(name, library_folders(loaded->image(), real).rpath))
      return found;
  }
  return nullptr;
}

SystemLibraries::Found SystemLibraries::find(std::string_view name, const LibraryFolders& folders) {
  if (name.empty() || name.size() >= PATH_MAX || read_.size() > max_files) return {nullptr, false};
  if (name.find('/') != std::string_view::npos) {
    if (name.find('$') != std::string_view::npos) return {nullptr, false};
    return {read(fs::path(name)), true};
  }
  const SystemLibrary* found = among_loaded(name);
  if (!found) found = in_folders(name, folders.rpath);
  if (!found) found = in_folders(name, places_.library_path);
  if (!found) found = in_folders(name, folders.runpath);
  if (!found && cache_)
    if (const auto entry = cache_->find(std::string(name)); entry != cache_->end())
      found = read(entry->second);
  if (!found) found = in_folders(name, places_.system_folders);
  if (!found) found = by_names_of_loaded(name);
  return {found, found || (cache_ && !folders.incomplete && !places_.incomplete)};
}

std::string SystemLibraries::places_searched(const LibraryFolders& folders) const {
  std::string out;
  const auto add = [&](std::string_view what, const std::vector<fs::path>& list) {
    if (list.empty()) return;
    out.append(what);
    for (const fs::path& folder : list)
      out.append(&folder == list.data() ? " " : ":").append(folder.lexically_normal().native());
    out += ", ";
  };
  add("RPATH", folders.rpath);
  add("LD_LIBRARY_PATH", places_.library_path);
  add("RUNPATH", folders.runpath);
  return out + "the system's folders and " + places_.cache_file.native();
}

}  // namespace sluice::host
