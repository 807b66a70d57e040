#include "host/worker/program/plugin_library.hpp"

#include <dlfcn.h>

namespace sluice::worker {

const sluice_plugin* load_plugin(int image, const std::vector<std::string>& companions, std::string& words) {
  const auto refused = [&]() -> const sluice_plugin* {
    const char* text = dlerror();
    words = text ? text : "the loader gives no reason";
    return nullptr;
  };
  for (const std::string& companion : companions)
    if (!dlopen(companion.c_str(), RTLD_NOW | RTLD_LOCAL)) return refused();
  const std::string name = "/proc/self/fd/" + std::to_string(image);
  void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return refused();
  void* entry = dlsym(library, SLUICE_PLUGIN_SYMBOL);
  return entry ? static_cast<const sluice_plugin*>(entry) : refused();
}

}  // namespace sluice::worker
