#include "staging/mmap/damage.hpp"

#include <cerrno>

namespace sluice::staging {

std::string set_aside(FileLayer& files, const std::string& folder, const std::string& stage_id,
                      const Damage& damage) {
  if (damage.bytes.empty()) return {};
  if (const int error = files.make_folder(folder); error != 0 && error != EEXIST) return {};
  const std::string path = folder + "/" + stage_id + "." + std::to_string(damage.stream) + "." +
                           std::to_string(damage.sequence) + ".bytes";
  // In one step: a process that dies here leaves no half of it under the name. An earlier attempt found the
  // same.
  const std::string fresh = path + ".new";
  (void)files.remove(fresh);
  File file;
  if (files.create(fresh, 0, file) != 0) return {};
  if (files.write(file, 0, damage.bytes) == 0 && files.rename(fresh, path) == 0) return path;
  (void)files.remove(fresh);
  return {};
}

}  // namespace sluice::staging
