#include "staging/mmap/damage.hpp"

#include <cerrno>

namespace sluice::staging {

std::string set_aside(FileLayer& files, const std::string& folder, const std::string& stage_id,
                      const Damage& damage) {
  if (damage.bytes.empty()) return {};
  if (const int error = files.make_folder(folder); error != 0 && error != EEXIST) return {};
  const std::string path = folder + "/" + stage_id + "." + std::to_string(damage.stream) + "." +
                           std::to_string(damage.sequence) + ".bytes";
  File file;
  const int error = files.create(path, 0, file);
  if (error == EEXIST) return path;  // by an earlier attempt that found the same
  if (error != 0) return {};
  if (files.write(file, 0, damage.bytes) == 0) return path;
  (void)files.remove(path);
  return {};
}

}  // namespace sluice::staging
