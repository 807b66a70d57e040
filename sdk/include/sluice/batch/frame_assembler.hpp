// Lays out one frame in claimed room: header, directory, aligned buffers, checkpoint. The builders stand on
// it.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

#include "sluice/batch/batch_view.hpp"

namespace sluice::detail {

// Borrowed room of at least `frame_room(...)` bytes; the caller has made sure that everything put in fits.
class FrameAssembler {
 public:
  FrameAssembler(std::byte* room, uint16_t kind, uint32_t columns) : room_(room) {
    header_.magic = SLUICE_FRAME_MAGIC;
    header_.version = SLUICE_FRAME_VERSION;
    header_.kind = kind;
    header_.header_size = sizeof header_;
    header_.column_count = columns;
    cursor_ = sizeof header_ + uint64_t{columns} * sizeof(sluice_frame_column);
  }

  sluice_frame_header& header() { return header_; }

  // Copies a buffer in, aligned; gives its range.
  sluice_range put(const void* data, uint64_t size) {
    sluice_range range = place(align_up(cursor_), size);
    if (size) std::memcpy(room_ + range.offset, data, size);
    return range;
  }
  // Takes a buffer that already lies at `offset` (aligned, at or past the cursor).
  sluice_range place(uint64_t offset, uint64_t size) {
    std::memset(room_ + cursor_, 0, offset - cursor_);
    cursor_ = offset + size;
    return {static_cast<uint32_t>(offset), static_cast<uint32_t>(size)};
  }
  // Copies text in without alignment: names and the checkpoint.
  sluice_range put_text(std::string_view text) {
    if (text.empty()) return {0, 0};
    sluice_range range{static_cast<uint32_t>(cursor_), static_cast<uint32_t>(text.size())};
    std::memcpy(room_ + cursor_, text.data(), text.size());
    cursor_ += text.size();
    return range;
  }
  void set_column(uint32_t index, const sluice_frame_column& column) {
    std::memcpy(room_ + sizeof header_ + size_t{index} * sizeof column, &column, sizeof column);
  }
  // Writes the header and gives the frame's size.
  uint64_t finish() {
    uint64_t size = align_up(cursor_);
    std::memset(room_ + cursor_, 0, size - cursor_);
    header_.frame_size = size;
    std::memcpy(room_, &header_, sizeof header_);
    return size;
  }

 private:
  std::byte* room_;
  sluice_frame_header header_{};
  uint64_t cursor_ = 0;
};

}  // namespace sluice::detail
