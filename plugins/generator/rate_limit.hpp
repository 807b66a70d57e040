// Keeping a source at so many records a second.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <sluice/host_services.hpp>

namespace sluice::generator {

// Asked before each record. Waits through the host, so that cancellation ends it, and in steps of the batch
// delay, so that records made already do not lie about.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  // `rate` in records a second; 0 never waits.
  RateLimit(const HostServices& host, double rate, uint64_t delay_ms)
      : host_(host),
        rate_(rate),
        step_(std::chrono::milliseconds(std::clamp<uint64_t>(delay_ms, 1, 1000))),
        stride_(rate > 1000 ? static_cast<uint64_t>(rate / 1000) : 1) {}

  // Returns when the next record is due; `tick` is called between the waits.
  template <class Tick>
  void pace(Tick&& tick) {
    if (rate_ <= 0) return;
    // Above a thousand a second the clock is looked at once a millisecond's worth: waits are no finer.
    if (made_++ % stride_ != 0) return;
    const std::chrono::duration<double> due(static_cast<double>(made_ - 1) / rate_);
    for (;;) {
      const auto left = due - (Clock::now() - begin_);
      if (left.count() <= 0) return;
      tick();
      const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left);
      if (host_.wait(std::min(wait, step_))) host_.throw_if_cancelled();
    }
  }

 private:
  const HostServices& host_;
  const double rate_;
  const std::chrono::milliseconds step_;
  const uint64_t stride_;
  const Clock::time_point begin_ = Clock::now();
  uint64_t made_ = 0;
};

}  // namespace sluice::generator
