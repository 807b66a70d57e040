// Building batches of documents record by record, in place in staging.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/batch/pacing.hpp"
#include "sluice/json.hpp"
#include "sluice/source_writer.hpp"

namespace sluice {

// A record with the optional columns. Borrowed.
struct Document {
  std::string_view value;
  std::optional<std::string_view> key = std::nullopt;
  bool is_delete = false;
  std::optional<int64_t> event_time = std::nullopt;        // microseconds since 1970-01-01 UTC
  std::optional<std::string_view> headers = std::nullopt;  // a JSON object of strings
};

// Publishes by itself whenever a batch is full. `position` is asked for the checkpoint to attach: it is
// called before a record is added and at flush(), and answers where to go on after everything appended so
// far. So: append first, then move your position. Without one, or with null, no checkpoint is attached. [the
// thread that runs read()] Call flush() at the end; a builder destroyed before gives its records up.
class DocumentBuilder {
 public:
  using Position = std::function<Json()>;

  explicit DocumentBuilder(SourceWriter& out, Position position = {})
      : out_(out),
        position_(std::move(position)),
        pacing_(out),
        max_records_(out.max_batch_records()),
        max_bytes_(out.max_batch_bytes()),
        offsets_(new uint32_t[size_t{max_records_} + 1]) {
    offsets_[0] = 0;
  }
  ~DocumentBuilder() { out_.abandon(); }
  DocumentBuilder(const DocumentBuilder&) = delete;
  DocumentBuilder& operator=(const DocumentBuilder&) = delete;

  // Adds a record. A value that no frame can hold is counted as rejected, with `where`.
  void append(std::string_view value, std::string_view where = {}) {
    if (char* to = reserve(value.size(), where)) {
      if (!value.empty()) std::memcpy(to, value.data(), value.size());
      commit(value.size());
    }
  }
  void append(const Document& document, std::string_view where = {}) {
    // Plain records before it would each need room in the new columns, which nobody has kept.
    if (!extra_ && count_ > 0) publish(position_ ? position_json() : std::string());
    uint64_t more = (document.key ? document.key->size() : 0) +
                    (document.headers ? document.headers->size() : 0) + first_overhead();
    char* to = reserve(document.value.size() + more, where);
    if (!to) return;
    if (!extra_) extra_ = std::make_unique<Extra>();
    extra_->add(document, count_);
    if (!document.value.empty()) std::memcpy(to, document.value.data(), document.value.size());
    commit(document.value.size());
  }

  // In place: room for one value of up to `size` bytes, then commit(what was used). Null: the value is too
  // large and was counted as rejected.
  char* reserve(size_t size, std::string_view where = {}) {
    if (room_ == nullptr || count_ >= batch_records_ || used_ + beside() + size > capacity_ ||
        (used_ >= max_bytes_ && count_ > 0) || pacing_.overdue(count_ + 1)) [[unlikely]] {
      if (!make_room(size, where)) return nullptr;
    }
    return room_ + values_begin + used_;
  }
  void commit(size_t size) {
    used_ += static_cast<uint32_t>(size);
    offsets_[++count_] = used_;
  }

  // Many values of one size, without a call for each: room for `count` of them, one behind another, and for
  // `slack` bytes that may be written past the last. At least one and at most `most`, which is not 0; none:
  // the value is too large and was counted as rejected. Then commit_run(how many were written, size).
  struct Run {
    char* to = nullptr;
    uint32_t count = 0;
  };
  Run reserve_run(size_t size, uint64_t most, size_t slack = 0) {
    char* to = reserve(size + slack);
    if (!to || size == 0 || extra_) return {to, to ? 1u : 0u};
    // What the batch still takes, and no more than lie before the next look at the clock.
    most = std::min<uint64_t>(most, std::min(batch_records_ - count_, 256 - ((count_ + 1) & 255u)));
    most = std::min<uint64_t>(most, (capacity_ - beside() - used_ - slack) / size);
    const uint64_t before_full = max_bytes_ > used_ ? (max_bytes_ - used_ + size - 1) / size : 1;
    return {to, static_cast<uint32_t>(std::min(most, before_full))};
  }
  void commit_run(uint32_t count, size_t size) {
    uint32_t* ends = offsets_.get() + count_ + 1;
    const auto step = static_cast<uint32_t>(size);
    for (uint32_t i = 0; i < count; ++i) ends[i] = used_ + (i + 1) * step;
    count_ += count;
    used_ += count * step;
  }

  // For sources that wait between records: publishes when the batch is older than the policy's delay.
  void tick() {
    if (count_ > 0 && pacing_.overdue_now()) flush();
  }
  // Source bytes consumed since the last call, for statistics and progress.
  void add_bytes_read(uint64_t bytes) { bytes_read_ += bytes; }

  // Publishes what is there, with the position; also a position without records.
  void flush() {
    std::string checkpoint = position_ ? position_json() : std::string();
    if (count_ == 0) {
      out_.abandon();
      room_ = nullptr;
      if (!checkpoint.empty() || bytes_read_)
        out_.publish_checkpoint(checkpoint, std::exchange(bytes_read_, 0));
      return;
    }
    publish(checkpoint);
  }

 private:
  // Values begin here whatever columns there are, so that they can be filled before those are known.
  static constexpr uint32_t values_begin = 448;
  static_assert(values_begin == sizeof(sluice_frame_header) + 5 * sizeof(sluice_frame_column));
  static constexpr uint64_t checkpoint_room = 1024;
  static constexpr uint64_t column_overhead = 32;

  struct Extra {
    std::vector<uint32_t> key_offsets{0}, header_offsets{0};
    std::string keys, headers;
    std::vector<int64_t> ops, times;
    std::vector<uint8_t> key_bits, time_bits, header_bits;
    uint32_t key_nulls = 0, time_nulls = 0, header_nulls = 0;
    bool any_delete = false;

    static void push_bit(std::vector<uint8_t>& bits, uint32_t row, bool value) {
      if (row % 8 == 0) bits.push_back(0);
      if (value) bits.back() = static_cast<uint8_t>(bits.back() | (1u << (row % 8)));
    }
    // Records appended before the first Document have none of these columns.
    void pad(uint32_t row) {
      while (ops.size() < row) add_one({}, static_cast<uint32_t>(ops.size()));
    }
    void add(const Document& document, uint32_t row) {
      pad(row);
      add_one(document, row);
    }
    void add_one(const Document& document, uint32_t row) {
      if (document.key) keys += *document.key;
      key_offsets.push_back(static_cast<uint32_t>(keys.size()));
      push_bit(key_bits, row, document.key.has_value());
      key_nulls += !document.key;
      ops.push_back(document.is_delete ? 1 : 0);
      any_delete = any_delete || document.is_delete;
      times.push_back(document.event_time.value_or(0));
      push_bit(time_bits, row, document.event_time.has_value());
      time_nulls += !document.event_time;
      if (document.headers) headers += *document.headers;
      header_offsets.push_back(static_cast<uint32_t>(headers.size()));
      push_bit(header_bits, row, document.headers.has_value());
      header_nulls += !document.headers;
    }
  };

  // What the optional columns may take once another record is in: every record has a place in them.
  uint64_t beside() const {
    if (!extra_) return 0;
    return extra_->keys.size() + extra_->headers.size() + uint64_t{count_} * column_overhead +
           first_overhead();
  }
  static constexpr uint64_t first_overhead() { return column_overhead + 1024; }

  std::string position_json() {
    Json position = position_();
    return position.is_null() ? std::string() : position.dump();
  }

  bool make_room(size_t size, std::string_view where) {
    if (count_ > 0) publish(position_ ? position_json() : std::string());
    if (out_.remaining_records() == 0 || out_.remaining_bytes() == 0) {
      flush();
      throw StopReading();
    }
    const uint64_t offsets = uint64_t{4} * (max_records_ + 1);
    const uint64_t largest = out_.max_value_bytes() > offsets ? out_.max_value_bytes() - offsets : 0;
    if (size > largest) {
      out_.reject("E_RECORD_TOO_LARGE",
                  "a record of " + std::to_string(size) + " bytes; the limit is " + std::to_string(largest),
                  where);
      return false;
    }
    const uint64_t administration = values_begin + uint64_t{4} * (max_records_ + 1) + checkpoint_room + 256;
    uint64_t wanted = administration + std::max<uint64_t>(size, max_bytes_ + max_bytes_ / 8);
    wanted = std::max(administration + size, std::min(wanted, out_.max_frame_bytes()));
    if (room_ && room_size_ >= wanted) return true;
    out_.abandon();
    room_ = nullptr;
    std::span<std::byte> room = out_.claim(wanted);
    room_ = reinterpret_cast<char*>(room.data());
    room_size_ = wanted;
    capacity_ = wanted - administration;
    batch_records_ = static_cast<uint32_t>(std::min<uint64_t>(max_records_, out_.remaining_records()));
    pacing_.begin();
    return true;
  }

  void publish(const std::string& checkpoint) {
    SourceWriter::require_checkpoint_size(checkpoint);
    const bool rides_along = checkpoint.size() <= checkpoint_room;
    if (extra_) extra_->pad(count_);
    uint32_t columns = 1;
    if (extra_) columns += 2u + (extra_->any_delete ? 1u : 0u) + (extra_->header_nulls < count_ ? 1u : 0u);
    detail::FrameAssembler frame(reinterpret_cast<std::byte*>(room_), SLUICE_KIND_DOCUMENTS, columns);
    sluice_frame_column value{};
    value.role = SLUICE_COLUMN_VALUE;
    value.type = SLUICE_TYPE_BINARY;
    value.data = frame.place(values_begin, used_);
    value.offsets = frame.put(offsets_.get(), uint64_t{4} * (count_ + 1));
    frame.set_column(0, value);
    if (extra_) put_extra(frame);
    if (rides_along) frame.header().checkpoint = frame.put_text(checkpoint);
    frame.header().record_count = count_;
    frame.header().payload_bytes = used_;
    frame.header().bytes_read = bytes_read_ ? std::exchange(bytes_read_, 0) : used_;
    room_ = nullptr;
    const uint32_t records = std::exchange(count_, 0), bytes = std::exchange(used_, 0);
    extra_.reset();
    out_.publish(frame.finish(), records, bytes);
    if (!rides_along) out_.publish_checkpoint(checkpoint);
  }

  void put_extra(detail::FrameAssembler& frame) {
    uint32_t index = 1;
    sluice_frame_column key{};
    key.role = SLUICE_COLUMN_KEY;
    key.type = SLUICE_TYPE_BINARY;
    key.null_count = extra_->key_nulls;
    if (key.null_count) key.validity = frame.put(extra_->key_bits.data(), extra_->key_bits.size());
    key.offsets = frame.put(extra_->key_offsets.data(), extra_->key_offsets.size() * 4);
    key.data = frame.put(extra_->keys.data(), extra_->keys.size());
    frame.set_column(index++, key);
    sluice_frame_column time{};
    time.role = SLUICE_COLUMN_EVENT_TIME;
    time.type = SLUICE_TYPE_TIMESTAMP;
    time.null_count = extra_->time_nulls;
    if (time.null_count) time.validity = frame.put(extra_->time_bits.data(), extra_->time_bits.size());
    time.data = frame.put(extra_->times.data(), extra_->times.size() * 8);
    frame.set_column(index++, time);
    if (extra_->any_delete) {
      sluice_frame_column op{};
      op.role = SLUICE_COLUMN_OP;
      op.type = SLUICE_TYPE_INT64;
      op.data = frame.put(extra_->ops.data(), extra_->ops.size() * 8);
      frame.set_column(index++, op);
    }
    if (extra_->header_nulls < count_) {
      sluice_frame_column headers{};
      headers.role = SLUICE_COLUMN_HEADERS;
      headers.type = SLUICE_TYPE_JSON;
      headers.null_count = extra_->header_nulls;
      if (headers.null_count)
        headers.validity = frame.put(extra_->header_bits.data(), extra_->header_bits.size());
      headers.offsets = frame.put(extra_->header_offsets.data(), extra_->header_offsets.size() * 4);
      headers.data = frame.put(extra_->headers.data(), extra_->headers.size());
      frame.set_column(index++, headers);
    }
  }

  SourceWriter& out_;
  Position position_;
  detail::Pacing pacing_;
  const uint32_t max_records_;
  const uint64_t max_bytes_;
  std::unique_ptr<uint32_t[]> offsets_;  // count_ + 1 of them are set
  char* room_ = nullptr;                 // the claim, or null
  uint64_t room_size_ = 0, capacity_ = 0;
  uint32_t batch_records_ = 0, count_ = 0, used_ = 0;
  uint64_t bytes_read_ = 0;
  std::unique_ptr<Extra> extra_;
};

}  // namespace sluice
