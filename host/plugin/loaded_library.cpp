#define BOOST_DLL_USE_STD_FS
#include "host/plugin/loaded_library.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

namespace sluice::host {
namespace {

using Library = boost::dll::shared_library;

// Where the loader finds private copies.
constexpr std::string_view copies = "/proc/self/fd/";

struct KeptLibrary {
  Library library;
  std::shared_ptr<const PluginImage> image;  // null for a companion
};

// Keeps every library open until the process ends, and the copy's descriptor with it: the C library takes a
// name that it has loaded once for that library, and the name is the descriptor's number. Reachable and never
// destroyed: threads and objects of a plugin may outlive main().
void keep_forever(KeptLibrary kept) {
  static std::mutex mutex;
  static auto* all = new std::deque<KeptLibrary>;
  std::lock_guard lock(mutex);
  all->push_back(std::move(kept));
}

// glibc and musl have no codes for this, only words.
Refusal kind_of_loader_text(std::string_view text) {
  auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  // The copy is there: what is wanting is memory, descriptors, permissions.
  if (text.starts_with(copies) && says("cannot open shared object file")) return Refusal::load_failed;
  if (says("undefined symbol") || says("symbol not found")) return Refusal::symbol_missing;
  if (says("version `") && says("not found")) return Refusal::library_version;
  if (says("cannot open shared object file") || says("Error loading shared library"))
    return Refusal::library_missing;
  return Refusal::load_failed;
}

// `named` is the path for errors.
Result<Library> open_library(const std::filesystem::path& at, const std::filesystem::path& named) {
  Library library;
  std::error_code failure;
  std::string words;
  try {
    dlerror();
    library.load(at, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, failure);
    if (const char* text = failure ? dlerror() : nullptr) words = text;
  } catch (const std::exception& thrown) {
    return refuse(Refusal::load_failed, named, std::string("its initialiser threw: ") + thrown.what());
  } catch (...) {
    return refuse(Refusal::load_failed, named, "its initialiser threw");
  }
  if (failure) return loader_refusal(named, words);
  return library;
}

}  // namespace

Error loader_refusal(const std::filesystem::path& file, std::string_view words) {
  std::string text(words);
  for (size_t at = text.find(copies); at != std::string::npos; at = text.find(copies, at)) {
    const size_t end = std::min(text.find_first_not_of("0123456789", at + copies.size()), text.size());
    text.replace(at, end - at, file.native());
    at += file.native().size();
  }
  return refuse(kind_of_loader_text(words), file, text);
}

Result<const sluice_plugin*> load_library(const std::shared_ptr<const PluginImage>& image,
                                          const std::filesystem::path& file,
                                          std::span<const std::filesystem::path> companions) {
  for (const std::filesystem::path& companion : companions) {
    Result<Library> library = open_library(companion, file);
    if (!library) return std::move(library).error();
    keep_forever({*std::move(library), nullptr});
  }
  Result<Library> library = open_library(image->load_path(), file);
  if (!library) return std::move(library).error();
  // dlsym itself: the symbol is data of a C struct, which Boost.DLL's typed get<> would only wrap.
  const auto* entry = static_cast<const sluice_plugin*>(dlsym(library->native(), SLUICE_PLUGIN_SYMBOL));
  keep_forever({*std::move(library), image});
  if (!entry) return refuse(Refusal::no_entry, file);
  return entry;
}

}  // namespace sluice::host
