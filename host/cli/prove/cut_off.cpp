#include "host/cli/prove/cut_off.hpp"

#include <csignal>

namespace sluice::host::cli {

void StepCounter::step(const DurableStep& step) {
  // Other threads stop at their next step meanwhile: what they have done is done.
  const std::lock_guard lock(mutex_);
  if (!step.done) {
    if (steps_ == cut_.at) {
      if (cut_.power_loss) disk_.strike();
      (void)std::raise(SIGKILL);
    }
    ++steps_;
    ++counts_[std::string(step.kind)];
  } else if (cut_.power_loss) {
    disk_.note(step);
  }
}

std::map<std::string, uint64_t> StepCounter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace sluice::host::cli
