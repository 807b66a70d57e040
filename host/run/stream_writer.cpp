#include "host/run/stream_writer.hpp"

#include <cstring>

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/frame_assembler.hpp"
#include "sluice/batch/seal.hpp"

namespace sluice::host {

namespace {

StreamWriter& get(void* self) {
  return *static_cast<StreamWriter*>(self);
}

Error misuse(const std::string& what) {
  return Error(ErrorClass::system, "E_PLUGIN_BUG", what);
}

constexpr size_t longest_where = 4096, longest_reason = 4096;

}  // namespace

StreamWriter::StreamWriter(StagingWriter& staging, const Limits& limits, bool tables, RunSignal& signal,
                           Rejections& rejections, LiveCounts& live)
    : staging_(staging),
      limits_(limits),
      tables_(tables),
      signal_(signal),
      rejections_(rejections),
      live_(live) {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  table_.size = sizeof table_;
  table_.max_batch_records = limits.batch.max_records;
  table_.max_batch_bytes = limits.batch.max_bytes;
  table_.max_batch_delay = static_cast<uint64_t>(duration_cast<milliseconds>(limits.batch.max_delay).count());
  table_.max_frame_bytes = limits.max_frame_bytes;
  table_.max_records = limits.max_records;
  table_.max_bytes = limits.max_bytes;
  table_.self = this;
  table_.claim = &StreamWriter::claim;
  table_.publish = &StreamWriter::publish;
  table_.abandon = &StreamWriter::abandon;
  table_.reject = &StreamWriter::reject;
  table_.filter = &StreamWriter::filter;
  table_.expect = &StreamWriter::expect;
}

sluice_status StreamWriter::answer(Status status, sluice_error* error) {
  if (status.ok()) return SLUICE_OK;
  sluice_status code = to_abi(status.error(), error);
  if (!failure_) failure_ = std::move(status).take_error();
  return code;
}

sluice_status StreamWriter::claim(void* self, uint64_t min_bytes, sluice_span* out, sluice_error* error) {
  std::span<std::byte> room;
  Status status = get(self).do_claim(min_bytes, room);
  if (status.ok()) *out = {reinterpret_cast<uint8_t*>(room.data()), room.size()};
  return get(self).answer(std::move(status), error);
}

Status StreamWriter::do_claim(uint64_t min_bytes, std::span<std::byte>& out) {
  if (!claim_.empty()) return misuse("claimed twice without publish or abandon");
  if (signal_.draining()) return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  if (min_bytes > limits_.max_frame_bytes)
    return Error(ErrorClass::config, "E_BATCH_TOO_LARGE",
                 "a batch of " + std::to_string(min_bytes) + " bytes; the limit is " +
                     std::to_string(limits_.max_frame_bytes),
                 "", "raise policy.staging.maxBytes");
  const auto begin = std::chrono::steady_clock::now();
  Status status = staging_.claim(std::max<uint64_t>(min_bytes, sizeof(sluice_frame_header)), claim_);
  blocked_ += std::chrono::steady_clock::now() - begin;
  if (!status.ok()) claim_ = {};
  out = claim_;
  return status;
}

sluice_status StreamWriter::publish(void* self, uint64_t bytes, sluice_error* error) {
  return get(self).answer(get(self).do_publish(bytes), error);
}

Status StreamWriter::do_publish(uint64_t bytes) {
  if (claim_.empty()) return misuse("published without a claim");
  std::span<std::byte> room = std::exchange(claim_, {});
  auto refuse = [&](Status status) {
    staging_.abandon();
    return status;
  };
  if (bytes > room.size()) return refuse(misuse("published more bytes than it claimed"));
  std::span<std::byte> frame = room.first(bytes);
  if (Status status = check_frame(frame); !status.ok()) return refuse(std::move(status));
  BatchView view(frame);
  const sluice_frame_header header = view.header();
  const bool has_checkpoint = !view.checkpoint().empty();
  if (header.record_count > 0 && view.is_table() != tables_)
    return refuse(misuse("published a batch of another format than the run asked for"));
  if (header.record_count > limits_.max_records - counts_.staged)
    return refuse(misuse("published more records than policy.limits.maxRecords allows"));

  // Frames count filtered records in 32 bits; what is more goes with the next one.
  const auto filtered = static_cast<uint32_t>(std::min<uint64_t>(pending_filtered_, UINT32_MAX));
  seal_frame(frame, sequence_, pending_rejected_, filtered);
  if (Status status = staging_.publish(bytes); !status.ok()) return status;
  ++sequence_;
  counts_.source_rejected += std::exchange(pending_rejected_, 0u);
  counts_.source_filtered += filtered;
  pending_filtered_ -= filtered;
  counts_.staged += header.record_count;
  counts_.bytes_read += header.bytes_read;
  counts_.bytes_staged += bytes;
  counts_.batches += header.record_count > 0 ? 1 : 0;
  payload_ += header.payload_bytes;
  if (has_checkpoint) covered_ = counts_;
  live_.records_read.fetch_add(uint64_t{header.record_count} + filtered, std::memory_order_relaxed);
  live_.bytes_read.fetch_add(header.bytes_read, std::memory_order_relaxed);
  return {};
}

void StreamWriter::abandon(void* self) {
  if (get(self).claim_.empty()) return;
  get(self).claim_ = {};
  get(self).staging_.abandon();
}

sluice_status StreamWriter::reject(void* self, const sluice_rejection* rejection, sluice_error* error) {
  StreamWriter& writer = get(self);
  if (rejection->size < sizeof *rejection) return writer.answer(misuse("a rejection of another ABI"), error);
  ++writer.pending_rejected_;
  writer.live_.records_rejected.fetch_add(1, std::memory_order_relaxed);
  writer.live_.records_read.fetch_add(1, std::memory_order_relaxed);
  Rejection taken{view(rejection->code).substr(0, SLUICE_ERROR_CODE_BYTES),
                  view(rejection->reason).substr(0, longest_reason),
                  view(rejection->where).substr(0, longest_where),
                  {reinterpret_cast<const char*>(rejection->value.data), rejection->value.size}};
  return writer.answer(writer.rejections_.add(taken), error);
}

void StreamWriter::filter(void* self, uint64_t records) {
  get(self).pending_filtered_ += records;
}

void StreamWriter::expect(void* self, uint64_t bytes) {
  get(self).live_.bytes_expected.store(bytes, std::memory_order_relaxed);
}

Status StreamWriter::finish(SealedAs how) {
  if (!claim_.empty()) abandon(this);
  while (pending_rejected_ > 0 || pending_filtered_ > 0) {
    std::span<std::byte> room;
    if (Status status = staging_.claim(sizeof(sluice_frame_header), room); !status.ok()) return status;
    detail::FrameAssembler frame(room.data(), SLUICE_KIND_DOCUMENTS, 0);
    claim_ = room;
    if (Status status = do_publish(frame.finish()); !status.ok()) return status;
  }
  return staging_.seal(how);
}

}  // namespace sluice::host
