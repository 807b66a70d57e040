// The accounting of a run: read = written + rejected + filtered.
#pragma once

#include <cstdint>

namespace sluice::host {

struct Counts {
  uint64_t staged = 0;  // records in published frames
  uint64_t source_rejected = 0, source_filtered = 0;
  uint64_t written = 0, sink_rejected = 0, sink_filtered = 0;
  uint64_t bytes_read = 0, bytes_staged = 0, bytes_written = 0;
  uint64_t batches = 0;

  uint64_t read() const { return staged + source_rejected + source_filtered; }
  uint64_t rejected() const { return source_rejected + sink_rejected; }
  uint64_t filtered() const { return source_filtered + sink_filtered; }
  bool reconciled() const { return read() == written + rejected() + filtered(); }

  Counts& operator+=(const Counts& other) {
    staged += other.staged;
    source_rejected += other.source_rejected;
    source_filtered += other.source_filtered;
    written += other.written;
    sink_rejected += other.sink_rejected;
    sink_filtered += other.sink_filtered;
    bytes_read += other.bytes_read;
    bytes_staged += other.bytes_staged;
    bytes_written += other.bytes_written;
    batches += other.batches;
    return *this;
  }
};

}  // namespace sluice::host
