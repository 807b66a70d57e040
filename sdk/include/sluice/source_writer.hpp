// What a source writes to: claims room in staging, publishes frames, counts rejections, and ends the read at
// the limits of the run. The builders in batch/ are the comfortable way to use it.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "sluice/abi/writer.h"
#include "sluice/batch/frame_assembler.hpp"
#include "sluice/error.hpp"

namespace sluice {

// Thrown by builders when the run has all that it asked for. The read() thunk turns it into success; let it
// pass.
struct StopReading {};

// [the thread that runs read()] Lives as long as the call. Every failure throws Error; let it pass.
class SourceWriter {
 public:
  explicit SourceWriter(const sluice_writer* abi) : abi_(abi) {}
  SourceWriter(const SourceWriter&) = delete;
  SourceWriter& operator=(const SourceWriter&) = delete;

  // The policy's, or one record for each eight bytes that a batch may have: room for the places of more would
  // be claimed with each batch, and used by none but of the shortest records.
  uint32_t max_batch_records() const {
    const uint64_t worthwhile = std::max<uint64_t>(abi_->max_batch_bytes / 8, 10'000);
    return static_cast<uint32_t>(std::min<uint64_t>(abi_->max_batch_records, worthwhile));
  }
  uint64_t max_batch_bytes() const { return abi_->max_batch_bytes; }
  uint64_t max_batch_delay_ms() const { return abi_->max_batch_delay; }
  uint64_t max_frame_bytes() const { return abi_->max_frame_bytes; }
  // The largest value that one record may have: a frame with its administration must fit into staging.
  uint64_t max_value_bytes() const {
    return max_frame_bytes() > frame_overhead ? max_frame_bytes() - frame_overhead : 0;
  }

  // Records and value bytes that the run still wants; sources that fill frames by themselves must stop at 0.
  uint64_t remaining_records() const { return abi_->max_records - published_records_; }
  uint64_t remaining_bytes() const {
    return published_bytes_ < abi_->max_bytes ? abi_->max_bytes - published_bytes_ : 0;
  }

  // Room for one frame; blocks while staging is full.
  std::span<std::byte> claim(uint64_t min_bytes) {
    sluice_span room{nullptr, 0};
    call([&](sluice_error* error) { return abi_->claim(abi_->self, min_bytes, &room, error); });
    claimed_ = true;
    return {reinterpret_cast<std::byte*>(room.data), room.size};
  }
  // Hands over the frame at the start of the claim.
  void publish(uint64_t frame_bytes, uint32_t records, uint64_t value_bytes) {
    claimed_ = false;
    call([&](sluice_error* error) { return abi_->publish(abi_->self, frame_bytes, error); });
    published_records_ += records;
    published_bytes_ += value_bytes;
  }
  void abandon() noexcept {
    if (claimed_) abi_->abandon(abi_->self);
    claimed_ = false;
  }
  // A frame with no records: moves the position on, or carries a checkpoint too large to ride along.
  void publish_checkpoint(std::string_view checkpoint, uint64_t bytes_read = 0) {
    require_checkpoint_size(checkpoint);
    std::span<std::byte> room = claim(frame_overhead + checkpoint.size());
    detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 0);
    frame.header().checkpoint = frame.put_text(checkpoint);
    frame.header().bytes_read = bytes_read;
    publish(frame.finish(), 0, 0);
  }

  // Counts a record that cannot be read. Throws when the policy tolerates no more. Publish before calling
  // when the records read so far shall be safe whatever happens.
  void reject(std::string_view code, std::string_view reason, std::string_view where,
              std::string_view value = {}) {
    sluice_rejection rejection{sizeof(sluice_rejection),
                               0,
                               abi(code),
                               abi(reason),
                               abi(where),
                               {reinterpret_cast<const uint8_t*>(value.data()), value.size()}};
    call([&](sluice_error* error) { return abi_->reject(abi_->self, &rejection, error); });
  }
  void filter(uint64_t records) { abi_->filter(abi_->self, records); }
  void expect_bytes(uint64_t bytes) { abi_->expect(abi_->self, bytes); }

  static constexpr uint64_t frame_overhead = 4096;

  static void require_checkpoint_size(std::string_view checkpoint) {
    if (checkpoint.size() > SLUICE_CHECKPOINT_MAX_BYTES)
      throw Error(ErrorClass::system, "E_CHECKPOINT_TOO_LARGE",
                  "checkpoint has " + std::to_string(checkpoint.size()) + " bytes; the limit is " +
                      std::to_string(SLUICE_CHECKPOINT_MAX_BYTES));
  }

 private:
  static sluice_str abi(std::string_view text) { return sluice::abi(text); }
  template <class Call>
  void call(Call&& function) {
    sluice_error error = new_abi_error();
    from_abi(function(&error), error).throw_if_failed();
  }

  const sluice_writer* abi_;
  uint64_t published_records_ = 0, published_bytes_ = 0;
  bool claimed_ = false;
};

}  // namespace sluice
