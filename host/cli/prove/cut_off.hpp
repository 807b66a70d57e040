// A run that ends itself at one of its durable steps, as a process that is killed there.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "host/cli/prove/power_loss.hpp"

namespace sluice::host::cli {

struct CutOff {
  std::string staging_folder;
  uint64_t at = UINT64_MAX;  // the step before which the process ends; UINT64_MAX: never
  bool power_loss = false;   // and all that is not synced is gone
};

// Counts steps, and ends the process with SIGKILL before the one asked for. [any thread]
class StepCounter {
 public:
  explicit StepCounter(CutOff cut) : cut_(std::move(cut)), disk_(cut_.staging_folder) {}

  void step(const DurableStep& step);
  std::map<std::string, uint64_t> counts() const;

 private:
  const CutOff cut_;
  mutable std::mutex mutex_;
  PowerLoss disk_;
  uint64_t steps_ = 0;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace sluice::host::cli
