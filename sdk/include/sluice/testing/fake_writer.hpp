// Staging for a test: keeps every published frame, and refuses what the real host would refuse.
#pragma once

#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/abi/writer.h"
#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/frame_storage.hpp"
#include "sluice/batch/table_json.hpp"
#include "sluice/batch/utf8.hpp"
#include "sluice/source_writer.hpp"

namespace sluice::testing {

// What a run asks of the source. No delay by default, so that batches do not depend on time.
struct WriterLimits {
  uint32_t max_batch_records = 10000;
  uint64_t max_batch_bytes = uint64_t{1} << 20;
  uint64_t max_batch_delay_ms = uint64_t{24} * 3600 * 1000;
  uint64_t max_frame_bytes = uint64_t{64} << 20;
  uint64_t max_records = std::numeric_limits<uint64_t>::max();
  uint64_t max_bytes = std::numeric_limits<uint64_t>::max();
  uint64_t max_rejected = std::numeric_limits<uint64_t>::max();
};

struct Rejection {
  std::string code, reason, where, value;
};

// [one thread at a time] Claims have exactly the size asked for and hold garbage, so that a sanitizer sees
// every byte written past them, and tests every byte left unwritten.
class FakeWriter {
 public:
  explicit FakeWriter(const WriterLimits& limits = {}) : max_rejected_(limits.max_rejected) {
    table_ = {sizeof(sluice_writer),
              limits.max_batch_records,
              limits.max_batch_bytes,
              limits.max_batch_delay_ms,
              limits.max_frame_bytes,
              limits.max_records,
              limits.max_bytes,
              this,
              claim,
              publish,
              abandon,
              reject,
              filter,
              expect};
  }
  FakeWriter(const FakeWriter&) = delete;
  FakeWriter& operator=(const FakeWriter&) = delete;

  const sluice_writer* abi() const { return &table_; }

  // The n-th claim (1 is the first) fails so: the run is cancelled, staging is full, ...
  void fail_claim(uint64_t n, Error error) { failing_.emplace_back(n, std::move(error)); }
  void cancel_claim(uint64_t n) {
    fail_claim(n, Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop"));
  }

  const std::vector<FrameBytes>& frames() const { return frames_; }
  BatchView batch(size_t index) const { return BatchView(frames_.at(index)); }
  const std::vector<Rejection>& rejections() const { return rejections_; }
  uint64_t filtered() const { return filtered_; }
  uint64_t records() const { return records_; }
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t claims() const { return claims_; }
  std::optional<uint64_t> expected_bytes() const { return expected_bytes_; }

  // The last checkpoint attached, as JSON text; empty when there is none.
  std::string checkpoint() const {
    for (size_t i = frames_.size(); i-- > 0;)
      if (!batch(i).checkpoint().empty()) return std::string(batch(i).checkpoint());
    return {};
  }
  // Values of all document frames, without delimiters.
  std::vector<std::string> documents() const {
    std::vector<std::string> out;
    for (const FrameBytes& frame : frames_)
      if (BatchView batch(frame); !batch.is_table()) {
        DocumentsView documents(batch);
        for (uint32_t row = 0; row < batch.size(); ++row) out.emplace_back(documents.value(row));
      }
    return out;
  }
  // Rows of all table frames, each a JSON object as batch/table_json.hpp writes it.
  std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const FrameBytes& frame : frames_)
      if (BatchView batch(frame); batch.is_table())
        for (uint32_t row = 0; row < batch.size(); ++row) append_row_json(batch, row, out.emplace_back());
    return out;
  }

 private:
  struct Free {
    void operator()(std::byte* at) const { ::operator delete (at, std::align_val_t{SLUICE_FRAME_ALIGNMENT}); }
  };
  using Room = std::unique_ptr<std::byte, Free>;

  static FakeWriter& get(void* self) { return *static_cast<FakeWriter*>(self); }
  static sluice_status fail(sluice_error* error, ErrorClass cls, const char* code, std::string message) {
    return to_abi(Error(cls, code, std::move(message)), error);
  }
  static sluice_status bug(sluice_error* error, std::string message) {
    return fail(error, ErrorClass::system, "E_PLUGIN_BUG", std::move(message));
  }

  static sluice_status claim(void* self, uint64_t min_bytes, sluice_span* out, sluice_error* error) {
    FakeWriter& writer = get(self);
    ++writer.claims_;
    for (const auto& [n, failure] : writer.failing_)
      if (n == writer.claims_) return to_abi(failure, error);
    if (writer.room_) return bug(error, "a second claim while one is open");
    if (min_bytes > writer.table_.max_frame_bytes)
      return fail(error, ErrorClass::config, "E_BATCH_TOO_LARGE",
                  "a claim of " + std::to_string(min_bytes) + " bytes; the limit is " +
                      std::to_string(writer.table_.max_frame_bytes));
    writer.room_.reset(
        static_cast<std::byte*>(::operator new (min_bytes, std::align_val_t{SLUICE_FRAME_ALIGNMENT})));
    writer.room_bytes_ = min_bytes;
    std::memset(writer.room_.get(), 0xA5, min_bytes);
    *out = {reinterpret_cast<uint8_t*>(writer.room_.get()), min_bytes};
    return SLUICE_OK;
  }
  static sluice_status publish(void* self, uint64_t bytes, sluice_error* error) {
    FakeWriter& writer = get(self);
    const Room room = std::move(writer.room_);
    if (!room) return bug(error, "published without a claim");
    if (bytes > writer.room_bytes_)
      return bug(error, "published " + std::to_string(bytes) + " bytes of a claim of " +
                            std::to_string(writer.room_bytes_));
    FrameBytes frame(bytes);
    if (bytes) std::memcpy(frame.data(), room.get(), bytes);
    if (Status status = check_frame(frame); !status.ok()) return to_abi(status.error(), error);
    if (Status status = writer.check_contents(BatchView(frame)); !status.ok())
      return to_abi(status.error(), error);
    writer.keep(std::move(frame));
    return SLUICE_OK;
  }
  Status check_contents(const BatchView& batch) const {
    const auto malformed = [](std::string what) -> Status {
      return Error(ErrorClass::damaged, "E_FRAME_MALFORMED", "malformed frame: " + std::move(what));
    };
    if (records_ + batch.size() > table_.max_records)
      return Error(ErrorClass::system, "E_PLUGIN_BUG",
                   "published more than the " + std::to_string(table_.max_records) + " records asked for");
    if (!batch.checkpoint().empty()) try {
        if (!Json::parse(batch.checkpoint()).is_object())
          return malformed("the checkpoint is no JSON object");
      } catch (const Error& error) {
        return malformed("the checkpoint is " + error.message());
      }
    for (uint32_t i = 0; batch.is_table() && i < batch.column_count(); ++i) {
      const ColumnView column = batch.column(i);
      if (column.type() != Type::utf8 && column.type() != Type::json) continue;
      for (uint32_t row = 0; row < batch.size(); ++row)
        if (!is_utf8(column.text(row)))
          return malformed("row " + std::to_string(row) + " of column \"" + std::string(column.name()) +
                           "\" is no UTF-8");
    }
    return {};
  }
  void keep(FrameBytes frame) {
    sluice_frame_header header = BatchView(frame).header();
    header.sequence = frames_.size();
    header.rejected =
        static_cast<uint32_t>(rejections_.size() - std::exchange(rejections_stamped_, rejections_.size()));
    header.filtered = static_cast<uint32_t>(filtered_ - std::exchange(filtered_stamped_, filtered_));
    std::memcpy(frame.data(), &header, sizeof header);
    records_ += header.record_count;
    bytes_read_ += header.bytes_read;
    frames_.push_back(std::move(frame));
  }
  static void abandon(void* self) { get(self).room_.reset(); }
  static sluice_status reject(void* self, const sluice_rejection* from, sluice_error* error) {
    FakeWriter& writer = get(self);
    std::string value(reinterpret_cast<const char*>(from->value.data), from->value.size);
    writer.rejections_.push_back({std::string(view(from->code)), std::string(view(from->reason)),
                                  std::string(view(from->where)), std::move(value)});
    if (writer.rejections_.size() <= writer.max_rejected_) return SLUICE_OK;
    return fail(error, ErrorClass::config, "E_TOO_MANY_REJECTED",
                "more than " + std::to_string(writer.max_rejected_) + " records were rejected");
  }
  static void filter(void* self, uint64_t records) { get(self).filtered_ += records; }
  static void expect(void* self, uint64_t bytes) { get(self).expected_bytes_ = bytes; }

  sluice_writer table_{};
  uint64_t max_rejected_;
  std::vector<std::pair<uint64_t, Error>> failing_;
  Room room_;  // the open claim
  uint64_t room_bytes_ = 0;
  std::vector<FrameBytes> frames_;
  std::vector<Rejection> rejections_;
  size_t rejections_stamped_ = 0;
  uint64_t filtered_ = 0, filtered_stamped_ = 0, records_ = 0, bytes_read_ = 0, claims_ = 0;
  std::optional<uint64_t> expected_bytes_;
};

}  // namespace sluice::testing
