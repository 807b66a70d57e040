// Damaged ranges of a session: counted, and their bytes set aside under a name.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

struct Damage {
  uint32_t stream = 0;
  uint64_t sequence = 0;  // of the first frame lost
  uint64_t frames = 0;
  std::string path;  // the segment; empty when it is gone as a whole
  uint64_t offset = 0;
  std::span<const std::byte> bytes;  // as they stand there
};

// Takes what a walk finds. [the walk's thread]
using DamageHandler = std::function<void(const Damage&)>;

// Writes the bytes to `<folder>/<stage id>.<stream>.<sequence>.bytes`. Gives the path, or "" when there
// is nothing to write or it cannot be: data that can be saved is not held up by data that cannot.
std::string set_aside(FileLayer& files, const std::string& folder, const std::string& stage_id,
                      const Damage& damage);

}  // namespace sluice::staging
