#include "staging/mmap/stream_walk.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/seal.hpp"

namespace sluice::staging {

using format::RecordHeader;
using format::RecordKind;

Status StreamWalk::seek(uint64_t sequence) {
  if (Status status = look_at_headers(); !status.ok()) return status;
  wanted_from_ = expected_ = sequence;
  segment_ = nullptr;
  const SegmentInfo* info = table_.find(sequence);
  if (!info) return {};
  if (Status status = enter(*info); !status.ok()) return status;
  // A segment that should hold the frame and is gone: what it held is lost.
  if (base_ > sequence) {
    give_up(base_);
    return {};
  }
  expected_ = base_;
  Step ignored;
  while (expected_ < sequence) {
    if (Status status = next(sequence, false, ignored); !status.ok()) return status;
    if (ignored.found != Found::frame) break;
  }
  expected_ = std::max(expected_, sequence);
  return {};
}

Status StreamWalk::look_at_headers() {
  return SegmentTable::read(files_, at_, shape_, stream_, table_);
}

void StreamWalk::give_up(uint64_t sequence) {
  if (sequence <= expected_) return;
  on_damage_({stream_, expected_, sequence - expected_, "", 0, {}});
  expected_ = sequence;
}

std::optional<SharedPlace> StreamWalk::shared_place(const std::byte* in_frame) const {
  for (const auto& [slot, segment] : mapped_)
    if (auto place = segment->place_of(in_frame, stream_, slot)) return place;
  return std::nullopt;
}

std::optional<RecordPlace> StreamWalk::place() const {
  if (!segment_) return std::nullopt;
  return RecordPlace{slot_, number_, offset_};
}

Status StreamWalk::segment_of(uint32_t slot, Segment*& out) {
  auto& held = mapped_[slot];
  if (!held) {
    held = std::make_unique<Segment>();
    if (Status status = Segment::open(files_, at_.segment(stream_, slot), FileLayer::Access::read, *held);
        !status.ok()) {
      mapped_.erase(slot);
      return status;
    }
  }
  out = held.get();
  return {};
}

Status StreamWalk::enter(const SegmentInfo& info) {
  Segment* segment = nullptr;
  if (Status status = segment_of(info.slot, segment); !status.ok()) return status;
  segment_ = segment;
  slot_ = info.slot;
  number_ = info.number;
  base_ = info.base;
  limit_ = info.limit;
  offset_ = format::first_record;
  return {};
}

// The header at an offset, when it is whole and stands where it says.
std::optional<RecordHeader> StreamWalk::record_at(uint64_t offset) const {
  if (offset + sizeof(RecordHeader) > segment_->bytes()) return std::nullopt;
  RecordHeader header;
  std::memcpy(&header, segment_->at(offset), sizeof header);
  if (header.magic != format::record_magic || header.segment != number_ || header.offset != offset ||
      header.checksum != format::checksum_of(header, shape_.session_key))
    return std::nullopt;
  const uint64_t room = segment_->bytes() - offset - sizeof header;
  if (header.size > room || header.size % 64 != 0 ||
      (header.kind == RecordKind::frame) != (header.size >= sizeof(sluice_frame_header)))
    return std::nullopt;
  return header;
}

bool StreamWalk::is_committed(const RecordHeader& header) const {
  const std::atomic_ref word(*reinterpret_cast<uint64_t*>(segment_->at(header.offset)));
  return word.load(std::memory_order_acquire) == format::commit_word(header, shape_.session_key);
}

std::span<const std::byte> StreamWalk::frame_of(const RecordHeader& header) const {
  return {segment_->at(header.offset + sizeof header), header.size};
}

bool StreamWalk::intact(const RecordHeader& header) const {
  if (header.kind != RecordKind::frame) return true;
  const std::span<const std::byte> frame = frame_of(header);
  return verify_frame(frame).ok() && check_frame(frame).ok() &&
         BatchView(frame).sequence() == header.sequence;
}

Status StreamWalk::next(uint64_t bound, bool verify, Step& out) {
  out = {};
  // Each round goes on by a record or a segment, or ends: what is walked is finite.
  for (;;) {
    if (!segment_) {
      if (expected_ >= bound) return {};
      if (Status status = seek(expected_); !status.ok()) return status;
      if (!segment_) return {};
    }
    const std::optional<RecordHeader> header = record_at(offset_);
    const bool due =
        header && header->sequence == expected_ && (expected_ < limit_ || header->kind == RecordKind::roll);
    if (due && header->kind == RecordKind::frame) {
      if (expected_ >= bound) return {};
      const bool committed = is_committed(*header);
      if ((committed && !verify) || intact(*header)) {
        out.found = Found::frame;
        out.header = *header;
        out.frame = frame_of(*header);
        out.place = {slot_, number_, offset_};
        out.checked = !committed || verify;
        offset_ += format::record_bytes(header->size);
        ++expected_;
        return {};
      }
      if (committed) {
        const uint64_t behind = offset_ + format::record_bytes(header->size);
        report(expected_ + 1, behind);
        offset_ = behind;
        ++expected_;
        continue;
      }
      // Never published: the process that wrote it died. It is like nothing.
    } else if (due && header->kind == RecordKind::end && is_committed(*header)) {
      out.found = Found::end;
      out.header = *header;
      out.place = {slot_, number_, offset_};
      return {};
    } else if (due && header->kind == RecordKind::roll && is_committed(*header)) {
      bool moved = false;
      if (Status status = leave_for(*header, moved); !status.ok()) return status;
      if (moved) continue;
    }
    if (expected_ >= bound) return {};
    bool moved = false;
    if (Status status = skip_damage(bound, moved); !status.ok()) return status;
    if (!moved) return {};
  }
}

// Along the chain of records. Not moved when the segment is not what the record says: the headers then
// decide.
Status StreamWalk::leave_for(const RecordHeader& roll, bool& moved) {
  moved = false;
  Segment* segment = nullptr;
  if (Status status = segment_of(roll.detail, segment); !status.ok())
    return is_missing(status) ? Status() : std::move(status);
  bool damaged = false;
  const auto header = segment->header(shape_, stream_, damaged);
  if (!header || header->number <= number_ || header->base_sequence != expected_) return {};
  SegmentInfo info{roll.detail, header->number, header->base_sequence, UINT64_MAX};
  // One that is newer than the last look at the headers is limited by none. One that was there and is not in
  // the table was dropped, by a process that died before it had changed this record.
  if (header->number <= table_.highest_number) {
    const SegmentInfo* known = table_.numbered(header->number);
    if (!known) return {};
    info.limit = known->limit;
  }
  moved = true;
  return enter(info);
}

// Finds the place where records go on: in this segment, else in a later one. Never beyond `bound`.
Status StreamWalk::skip_damage(uint64_t bound, bool& moved) {
  moved = false;
  if (Status status = look_at_headers(); !status.ok()) return status;
  if (const SegmentInfo* info = table_.numbered(number_)) limit_ = info->limit;
  for (uint64_t offset = offset_ + 64; offset + sizeof(RecordHeader) <= segment_->bytes(); offset += 64) {
    const std::optional<RecordHeader> header = record_at(offset);
    if (!header || header->sequence < expected_ || header->sequence > std::min(limit_, bound)) continue;
    if (header->kind == RecordKind::frame && header->sequence == limit_) continue;
    if (!is_committed(*header)) continue;
    report(header->sequence, offset);
    expected_ = header->sequence;
    offset_ = offset;
    moved = true;
    return {};
  }
  const SegmentInfo* info = table_.after(number_, expected_);
  if (!info || info->base > bound) return {};
  report(info->base, segment_->bytes());
  expected_ = std::max(expected_, info->base);
  moved = true;
  return enter(*info);
}

// Frames from `expected_` to `until_sequence` are lost, and the bytes up to `until_offset` hold what is left
// of them.
void StreamWalk::report(uint64_t until_sequence, uint64_t until_offset) {
  const uint64_t from = std::max(expected_, wanted_from_);
  if (until_sequence <= from) return;
  const uint64_t end = std::min(until_offset, segment_->bytes());
  const std::span<const std::byte> bytes =
      end > offset_ ? std::span<const std::byte>(segment_->at(offset_), end - offset_)
                    : std::span<const std::byte>();
  on_damage_({stream_, from, until_sequence - from, segment_->path(), offset_, bytes});
}

}  // namespace sluice::staging
