// The rejected records of a run: counted against the policy's tolerance, and written to the dead-letter file.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "host/config/interpolation.hpp"
#include "host/result.hpp"

namespace sluice::host {

struct Rejection {
  std::string_view code, reason, where, value;
};

// [any thread]: sources of several slices and sinks share one.
class Rejections {
 public:
  // The dead-letter file is opened for appending at the first rejection; empty path: none.
  Rejections(uint64_t tolerated, std::string dead_letter_path, std::string run_id, std::string unit_id);
  ~Rejections();
  Rejections(const Rejections&) = delete;
  Rejections& operator=(const Rejections&) = delete;

  // Fails with E_REJECTED (config) when the policy tolerates no more, with E_DEAD_LETTER (system) when the
  // file cannot be written. A record that is read again after a retry stands in the file again; `where` tells
  // that it is the same.
  Status add(const Rejection& rejection);

  // A new attempt reads again what was not committed: go on counting from there.
  void restart(uint64_t committed);
  // Whether so many more would still be within the policy's tolerance.
  bool tolerates(uint64_t more) const;
  bool over_limit() const;
  // The first rejection in words, "" when there was none.
  std::string first() const;

 private:
  Status write_dead_letter(const Rejection& rejection);

  const uint64_t tolerated_;
  const std::string path_, run_id_, unit_id_;
  mutable std::mutex mutex_;
  uint64_t count_ = 0;
  bool over_limit_ = false;
  std::string first_;
  int file_ = -1;
};

}  // namespace sluice::host
