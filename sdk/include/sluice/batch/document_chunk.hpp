// Building a batch of documents from a chunk of text: read(2) straight into staging, then mark where records
// end.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "sluice/source_writer.hpp"

namespace sluice {

// One chunk at a time: open, fill, mark, publish. Values lie one behind another from the start of the room;
// bytes between them do not exist: what stands in [previous mark, mark) is the value with its delimiter. [the
// thread that runs read()]
class DocumentChunk {
 public:
  // `delimiter` follows each value inside its range; it stays in place so that a sink can write the chunk as
  // it stands.
  DocumentChunk(SourceWriter& out, char delimiter)
      : out_(out),
        delimiter_(delimiter),
        max_records_(out.max_batch_records()),
        ends_(new uint32_t[size_t{max_records_} + 1]) {
    ends_[0] = 0;
  }
  ~DocumentChunk() { out_.abandon(); }
  DocumentChunk(const DocumentChunk&) = delete;
  DocumentChunk& operator=(const DocumentChunk&) = delete;

  // Room for values: the policy's batch size, or `min_bytes` when that is more (up to max_value()).
  std::span<char> open(uint64_t min_bytes = 0) {
    const uint64_t values = std::max(min_bytes, std::min(out_.max_batch_bytes(), max_value()));
    std::span<std::byte> room = out_.claim(values + administration());
    room_ = reinterpret_cast<char*>(room.data());
    values_ = {room_ + values_begin, values};
    count_ = 0;
    return values_;
  }
  uint64_t max_value() const {
    return out_.max_frame_bytes() > administration() ? out_.max_frame_bytes() - administration() : 0;
  }
  bool is_open() const { return room_ != nullptr; }
  std::span<char> room() const { return values_; }
  uint32_t count() const { return count_; }
  bool full() const { return count_ == max_records_; }
  // A record ends at `end`, counted from the room's start, delimiter included. Not when full().
  void mark(uint32_t end) { ends_[++count_] = end; }
  // Many at once: places for the ends of the records that may still come. Write the first of them, ascending,
  // then tell how many.
  std::span<uint32_t> marks() { return {ends_.get() + count_ + 1, size_t{max_records_} - count_}; }
  void marked(uint32_t records) { count_ += records; }
  uint32_t end() const { return ends_[count_]; }

  // Hands over everything up to the last mark. `last_undelimited`: the last value has no delimiter (end of
  // file). `checkpoint` is a JSON object, or empty. Save what lies behind the last mark before.
  void publish(std::string_view checkpoint, uint64_t bytes_read, bool last_undelimited = false) {
    SourceWriter::require_checkpoint_size(checkpoint);
    const bool rides_along = checkpoint.size() <= checkpoint_room;
    const uint32_t used = end();
    detail::FrameAssembler frame(reinterpret_cast<std::byte*>(room_), SLUICE_KIND_DOCUMENTS, 1);
    sluice_frame_column value{};
    value.role = SLUICE_COLUMN_VALUE;
    value.type = SLUICE_TYPE_BINARY;
    value.data = frame.place(values_begin, used);
    value.offsets = frame.put(ends_.get(), uint64_t{4} * (count_ + 1));
    frame.set_column(0, value);
    auto& header = frame.header();
    header.flags = SLUICE_FRAME_DELIMITED | (last_undelimited ? SLUICE_FRAME_LAST_UNDELIMITED : 0u);
    header.delimiter = static_cast<uint8_t>(delimiter_);
    if (rides_along) header.checkpoint = frame.put_text(checkpoint);
    header.record_count = count_;
    header.payload_bytes = used;
    header.bytes_read = bytes_read;
    room_ = nullptr;
    const uint32_t records = std::exchange(count_, 0);
    out_.publish(frame.finish(), records, used);
    if (!rides_along) out_.publish_checkpoint(checkpoint);
  }
  void abandon() {
    out_.abandon();
    room_ = nullptr;
    count_ = 0;
  }

 private:
  static constexpr uint32_t values_begin = 192;
  static_assert(values_begin == sizeof(sluice_frame_header) + sizeof(sluice_frame_column));
  static constexpr uint64_t checkpoint_room = 1024;

  uint64_t administration() const {
    return values_begin + uint64_t{4} * (max_records_ + 1) + checkpoint_room + 192;
  }

  SourceWriter& out_;
  const char delimiter_;
  const uint32_t max_records_;
  std::unique_ptr<uint32_t[]> ends_;  // ends_[0] is 0, then the marks
  char* room_ = nullptr;
  std::span<char> values_;
  uint32_t count_ = 0;
};

}  // namespace sluice
