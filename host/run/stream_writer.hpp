// The source's side of one slice: checks, stamps and stages what the source publishes, and counts.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>

#include "host/run/cancel_state.hpp"
#include "host/run/counts.hpp"
#include "host/run/policy.hpp"
#include "host/run/rejections.hpp"
#include "sluice/abi/writer.h"
#include "sluice/staging.hpp"

namespace sluice::host {

// Numbers that the thread which called run() shows while the run goes on. Relaxed atomics: each is right by
// itself.
struct LiveCounts {
  std::atomic<uint64_t> records_read{0}, records_written{0}, records_rejected{0};
  std::atomic<uint64_t> bytes_read{0}, bytes_written{0}, bytes_expected{0};

  void add(const Counts& counts) {
    records_read += counts.read();
    records_written += counts.written;
    records_rejected += counts.rejected();
    bytes_read += counts.bytes_read;
    bytes_written += counts.bytes_written;
  }
};

// [the slice's source thread] Lives as long as the read.
class StreamWriter {
 public:
  struct Limits {
    BatchPolicy batch;
    uint64_t max_frame_bytes;
    uint64_t max_records, max_bytes;  // of this slice
  };

  StreamWriter(StagingWriter& staging, const Limits& limits, bool tables, RunSignal& signal,
               Rejections& rejections, LiveCounts& live);
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  const sluice_writer* table() const { return &table_; }

  // Before read(): the stream goes on with this frame.
  void begin_with(uint64_t sequence) { sequence_ = sequence; }
  // After read() returned: stages accounting that no frame carried yet, and seals the stream.
  Status finish(SealedAs how);

  const Counts& counts() const { return counts_; }
  // Of the frames up to the newest checkpoint: the source is not asked for these again.
  const Counts& covered() const { return covered_; }
  std::chrono::nanoseconds blocked() const { return blocked_; }
  // What failed on the host's side, which tells more than what the plugin made of it; null when nothing did.
  const Error* failure() const { return failure_ ? &*failure_ : nullptr; }
  bool reached_limit() const {
    return counts_.staged >= limits_.max_records || payload_ >= limits_.max_bytes;
  }

 private:
  static sluice_status claim(void* self, uint64_t min_bytes, sluice_span* out, sluice_error* error);
  static sluice_status publish(void* self, uint64_t bytes, sluice_error* error);
  static void abandon(void* self);
  static sluice_status reject(void* self, const sluice_rejection* rejection, sluice_error* error);
  static void filter(void* self, uint64_t records);
  static void expect(void* self, uint64_t bytes);

  Status do_claim(uint64_t min_bytes, std::span<std::byte>& out);
  Status do_publish(uint64_t bytes);
  sluice_status answer(Status status, sluice_error* error);

  StagingWriter& staging_;
  Limits limits_;
  bool tables_;
  RunSignal& signal_;
  Rejections& rejections_;
  LiveCounts& live_;
  sluice_writer table_;

  std::span<std::byte> claim_;
  uint64_t sequence_ = 0, payload_ = 0;
  uint32_t pending_rejected_ = 0;
  uint64_t pending_filtered_ = 0;
  Counts counts_, covered_;
  std::chrono::nanoseconds blocked_{0};
  std::optional<Error> failure_;
};

}  // namespace sluice::host
