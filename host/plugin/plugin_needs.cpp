#include "host/plugin/plugin_needs.hpp"

#include <dlfcn.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "host/plugin/version_number.hpp"

namespace sluice::host {
namespace {

// Large desktop programs come to about two hundred.
constexpr size_t max_libraries = 1024;

// Whatever is in the process for everybody to link with serves a plugin too: the runtime of a sanitizer, a
// preloaded library.
bool process_exports(const DynamicSymbol& symbol) {
  const std::string name(symbol.name), version(symbol.version);
#ifdef __GLIBC__
  if (!version.empty()) return ::dlvsym(RTLD_DEFAULT, name.c_str(), version.c_str()) != nullptr;
#endif
  return ::dlsym(RTLD_DEFAULT, name.c_str()) != nullptr;
}

// Walks from the plugin to the libraries that it needs and those that they need, breadth first, each once.
class NeedsWalk {
 public:
  NeedsWalk(const ElfImage& plugin, const std::filesystem::path& file, SystemLibraries& libraries)
      : plugin_(plugin), libraries_(libraries) {
    objects_.push_back({{}, &plugin, library_folders(plugin, file)});
  }

  PluginNeeds walk() {
    for (size_t i = 0; i < objects_.size(); ++i) add_libraries_of(i);
    for (const Object& object : objects_) check_versions_of(object);
    find_floor();
    if (all_known_) check_symbols();
    return std::move(out_);
  }

 private:
  struct Object {
    std::string name;  // empty for the plugin
    const ElfImage* image;
    LibraryFolders folders;
  };

  void add_libraries_of(size_t index) {
    for (std::string_view name : objects_[index].image->needed()) {
      if (places_.contains(name)) continue;
      if (out_.libraries.size() == max_libraries) {
        all_known_ = false;
        return;
      }
      const Object& user = objects_[index];
      const SystemLibraries::Found found = libraries_.find(name, user.folders);
      NeededLibrary entry{std::string(name), {}, !found.library && found.certain, user.name, {}, {}};
      if (found.library) entry.path = found.library->path();
      if (entry.missing) entry.searched = libraries_.places_searched(user.folders);
      places_.emplace(name, out_.libraries.size());
      out_.libraries.push_back(std::move(entry));
      const bool known = found.library && found.library->kind() == SystemLibrary::Kind::library;
      found_.push_back(known ? found.library : nullptr);
      all_known_ = all_known_ && known;
      if (!known) continue;
      LibraryFolders folders =
          library_folders(found.library->image(), found.library->path(), &objects_[index].folders);
      objects_.push_back({std::string(name), &found.library->image(), std::move(folders)});
    }
  }

  void check_versions_of(const Object& object) {
    for (const VersionNeed& need : object.image->versions().needs()) {
      const auto place = places_.find(need.library);
      if (need.weak || place == places_.end()) continue;
      const SystemLibrary* library = found_[place->second];
      if (!library || library->defines_version(need.version)) continue;
      std::vector<MissingVersion>& missing = out_.libraries[place->second].missing_versions;
      if (missing.size() < max_missing_symbols)
        missing.push_back({std::string(need.version), highest_like(need.version, *library), object.name});
    }
  }

  static std::string highest_like(std::string_view wanted, const SystemLibrary& library) {
    const auto like = version_number(wanted);
    std::optional<VersionNumber> highest;
    if (!like) return {};
    for (std::string_view defined : library.image().versions().definitions()) {
      auto number = version_number(defined);
      if (number && number->name == like->name && (!highest || highest->numbers < number->numbers))
        highest = std::move(number);
    }
    return highest ? std::string(highest->name) + std::string(highest->text) : std::string();
  }

  void find_floor() {
#ifdef __GLIBC__
    out_.libc_here = ::gnu_get_libc_version();
#endif
    std::optional<VersionNumber> highest;
    for (const VersionNeed& need : plugin_.versions().needs()) {
      auto number = version_number(need.version);
      if (number && number->name == "GLIBC_" && (!highest || highest->numbers < number->numbers))
        highest = std::move(number);
    }
    if (highest) out_.libc_floor = highest->text;
  }

  void check_symbols() {
    std::vector<bool> bound;
    for (size_t i = 0; i < plugin_.symbols().size(); ++i) {
      const DynamicSymbol& symbol = plugin_.symbols()[i];
      if (!symbol.required || is_exported(symbol)) continue;
      if (bound.empty()) bound = plugin_.bound_symbols();
      if (!bound[i]) continue;
      if (++out_.missing_symbol_count > max_missing_symbols) continue;
      std::string name(symbol.name);
      if (!symbol.version.empty()) name.append("@").append(symbol.version);
      out_.missing_symbols.push_back(std::move(name));
    }
  }

  bool is_exported(const DynamicSymbol& symbol) const {
    for (const SystemLibrary* library : found_)
      if (library->exports(symbol.name, symbol.version)) return true;
    return process_exports(symbol);
  }

  const ElfImage& plugin_;
  SystemLibraries& libraries_;
  std::deque<Object> objects_;                           // the plugin and the libraries that could be read
  std::unordered_map<std::string_view, size_t> places_;  // library name to index
  std::vector<const SystemLibrary*> found_;              // beside out_.libraries; null: nothing is known
  bool all_known_ = true;
  PluginNeeds out_;
};

}  // namespace

PluginNeeds find_needs(const ElfImage& image, const std::filesystem::path& file, SystemLibraries& libraries) {
  return NeedsWalk(image, file, libraries).walk();
}

}  // namespace sluice::host
