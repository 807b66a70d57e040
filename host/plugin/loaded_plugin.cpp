#define BOOST_DLL_USE_STD_FS
#include "host/plugin/loaded_plugin.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>

namespace sluice::host {
namespace {

// Keeps every library open until the process ends. Reachable and never destroyed: threads and objects of a
// plugin may outlive main().
void keep_forever(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto* kept = new std::deque<boost::dll::shared_library>;
  std::lock_guard lock(mutex);
  kept->push_back(std::move(library));
}

// glibc and musl have no codes for this, only words.
Refusal kind_of_loader_text(std::string_view text) {
  auto says = [&](std::string_view words) { return text.find(words) != std::string_view::npos; };
  if (says("undefined symbol") || says("symbol not found")) return Refusal::symbol_missing;
  if (says("version `") && says("not found")) return Refusal::library_version;
  if (says("cannot open shared object file") || says("Error loading shared library"))
    return Refusal::library_missing;
  return Refusal::load_failed;
}

std::string_view missing_function(const sluice_plugin& entry, const PluginDescriptor& descriptor) {
  for (const TemplateDescriptor& item : descriptor.templates) {
    if (item.source && !entry.create_source) return "create_source";
    if (item.sink && !entry.create_sink) return "create_sink";
    if (item.staging && !entry.create_staging) return "create_staging";
  }
  return {};
}

Status check_entry_shape(const sluice_plugin& entry, const std::filesystem::path& file) {
  if (reinterpret_cast<uintptr_t>(&entry) % alignof(sluice_plugin) != 0)
    return refuse(Refusal::entry, file, "it is not aligned");
  if (entry.size < sizeof(sluice_plugin))
    return refuse(Refusal::entry, file,
                  "it is " + std::to_string(entry.size) + " bytes long and must be at least " +
                      std::to_string(sizeof(sluice_plugin)));
  if (!entry.descriptor.data || entry.descriptor.size > SLUICE_DESCRIPTOR_MAX_BYTES)
    return refuse(Refusal::entry, file, "its descriptor is absent or too long");
  return {};
}

}  // namespace

Result<const sluice_plugin*> load_library(const std::filesystem::path& file) {
  boost::dll::shared_library library;
  std::error_code failure;
  std::string loader_text;
  try {
    dlerror();
    library.load(file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, failure);
    if (const char* text = failure ? dlerror() : nullptr) loader_text = text;
  } catch (const std::exception& thrown) {
    return refuse(Refusal::load_failed, file, std::string("its initialiser threw: ") + thrown.what());
  } catch (...) {
    return refuse(Refusal::load_failed, file, "its initialiser threw");
  }
  if (failure) return refuse(kind_of_loader_text(loader_text), file, loader_text);

  // dlsym itself: the symbol is data of a C struct, which Boost.DLL's typed get<> would only wrap.
  const auto* entry = static_cast<const sluice_plugin*>(dlsym(library.native(), SLUICE_PLUGIN_SYMBOL));
  keep_forever(std::move(library));
  if (!entry) return refuse(Refusal::no_entry, file);
  return entry;
}

Status check_abi_range(uint32_t abi_oldest, uint32_t abi_version, const std::filesystem::path& file) {
  if (abi_oldest >= 1 && abi_oldest <= abi_version && abi_version >= SLUICE_ABI_OLDEST &&
      abi_oldest <= SLUICE_ABI_VERSION)
    return {};
  auto range = [](uint32_t from, uint32_t to) { return std::to_string(from) + ".." + std::to_string(to); };
  return refuse(Refusal::abi, file,
                "it lives in hosts of ABI " + range(abi_oldest, abi_version) + ", this host speaks " +
                    range(SLUICE_ABI_OLDEST, SLUICE_ABI_VERSION));
}

Status check_entry(const sluice_plugin& entry, const PluginNote& note, const PluginDescriptor& descriptor,
                   const std::filesystem::path& file) {
  if (Status shape = check_entry_shape(entry, file); !shape) return shape;
  if (entry.abi_oldest != note.abi_oldest || entry.abi_version != note.abi_version)
    return refuse(Refusal::note_mismatch, file, "the ABI ranges differ");
  if (view(entry.descriptor) != note.descriptor_text)
    return refuse(Refusal::note_mismatch, file, "the descriptors differ");
  if (std::string_view name = missing_function(entry, descriptor); !name.empty())
    return refuse(Refusal::entry, file,
                  std::string(name) + " is missing, although a template has the role that needs it");
  return {};
}

Result<std::shared_ptr<const LoadedPlugin>> adopt_plugin(const sluice_plugin& entry,
                                                         const std::filesystem::path& name) {
  if (Status shape = check_entry_shape(entry, name); !shape) return std::move(shape).take_error();
  if (Status abi = check_abi_range(entry.abi_oldest, entry.abi_version, name); !abi)
    return std::move(abi).take_error();
  PluginNote note{entry.abi_oldest, entry.abi_version, std::string(view(entry.descriptor))};
  Result<PluginDescriptor> descriptor = parse_descriptor(note.descriptor_text, name);
  if (!descriptor) return std::move(descriptor).error();
  if (Status complete = check_entry(entry, note, *descriptor, name); !complete)
    return std::move(complete).take_error();
  return std::make_shared<const LoadedPlugin>(LoadedPlugin{name, *std::move(descriptor), &entry});
}

}  // namespace sluice::host
