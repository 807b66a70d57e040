// When a batch under construction is due: the policy's records, bytes and delay, looked at cheaply.
#pragma once

#include <chrono>

#include "sluice/source_writer.hpp"

namespace sluice::detail {

class Pacing {
 public:
  explicit Pacing(const SourceWriter& out) : delay_(out.max_batch_delay_ms()) {}

  void begin() { first_ = std::chrono::steady_clock::now(); }
  // The clock is read once in 256 records.
  bool overdue(uint32_t records) const { return (records & 255u) == 0 && overdue_now(); }
  bool overdue_now() const { return std::chrono::steady_clock::now() - first_ >= delay_; }

 private:
  std::chrono::milliseconds delay_;
  std::chrono::steady_clock::time_point first_{};
};

}  // namespace sluice::detail
