#include "staging/mmap/mmap_writer.hpp"

#include <cstring>

#include "staging/mmap/end_mark.hpp"
#include "staging/working_set.hpp"

namespace sluice::staging {

using format::RecordHeader;
using format::RecordKind;

namespace {

// So long a writer waits for a reader that is behind to take a frame.
constexpr std::chrono::milliseconds longest_near{5};

}  // namespace

Status cancelled_error() {
  return Error(ErrorClass::cancelled, "E_CANCELLED", "mmap staging: the run was asked to stop");
}

Status misuse(const std::string& what) {
  return Error(ErrorClass::system, "E_STAGING_ORDER", "mmap staging: " + what);
}

MmapWriter::MmapWriter(SessionParts& parts, uint32_t stream)
    : parts_(parts),
      stream_(stream),
      largest_(std::min<uint64_t>(format::largest_frame(parts.shape.bytes), SLUICE_FRAME_MAX_BYTES)),
      cursor_(parts.files, parts.names.cursor(stream), stream, parts.shape.session_key, false),
      pool_(parts, stream, cursor_),
      durable_(parts.files, parts.syncs_apart, [this](uint64_t next) { show(next); }) {}

// [any thread] The reader may take frames below `next`.
void MmapWriter::show(uint64_t next) {
  control().published.store(next);
  EventWait::raise(control().published_event, control().reader_waits);
}

Status MmapWriter::adopt(uint64_t sequence) {
  SegmentTable table;
  if (Status status = SegmentTable::read(parts_.files, parts_.names, parts_.shape, stream_, table);
      !status.ok())
    return status;
  if (current_) parts_.give_segment();
  current_.reset();
  spare_.reset();
  if (Status status = pool_.adopt(table, sequence); !status.ok()) return status;
  next_ = sequence;
  number_ = table.highest_number;
  return {};
}

Status MmapWriter::go_on(const RecoveredStream& left) {
  sealed_ = left.sealed;
  tail_ = left.tail;
  return adopt(left.next);
}

Status MmapWriter::go_back_to(uint64_t sequence, const std::optional<RecordPlace>& tail) {
  if (Status status = clear_end_mark(parts_.files, parts_.names, stream_, parts_.to_disk()); !status.ok())
    return status;
  if (Status status = adopt(sequence); !status.ok()) return status;
  SegmentPool::Taken taken;
  if (Status status = pool_.take_even_if_full(taken); !status.ok()) return status;
  spare_ = taken;
  // The new segment's header comes first: from then on frames at or above its base count for nothing in
  // others.
  tail_ = tail;
  begin_segment();
  if (Status status = sync(*current_->segment); !status.ok()) return status;
  sealed_ = false;
  control().published.store(next_);
  // Then what was dropped goes, so that it stays away should that header be damaged.
  return drop_stale(sequence);
}

Status MmapWriter::drop_stale(uint64_t sequence) {
  if (const std::optional<Segment> before = open_tail()) {
    lead_on(*before, tail_->number, tail_->offset, next_);
    const uint64_t behind = tail_->offset + sizeof(RecordHeader);
    std::memset(before->at(behind), 0, parts_.shape.bytes - behind);
    if (Status status = sync(*before); !status.ok()) return status;
  }
  tail_.reset();
  SegmentTable table;
  if (Status status = SegmentTable::read(parts_.files, parts_.names, parts_.shape, stream_, table);
      !status.ok())
    return status;
  for (const uint32_t slot : table.unused) {
    Segment segment;
    Status status =
        Segment::open(parts_.files, parts_.names.segment(stream_, slot), FileLayer::Access::write, segment);
    if (is_missing(status)) continue;
    if (!status.ok()) return status;
    if (segment.bytes() < parts_.shape.bytes) continue;
    bool damaged = false;
    const auto header = segment.header(parts_.shape, stream_, damaged);
    if (!header || header->base_sequence < sequence) continue;
    segment.end_use();
    if (status = sync(segment); !status.ok()) return status;
    // Its numbers may be given out again, should the newest header ever be lost.
    std::memset(segment.at(format::first_record), 0, parts_.shape.bytes - format::first_record);
  }
  return {};
}

// The segment in which the stream ended when it was opened, while the place of its next record is there.
std::optional<Segment> MmapWriter::open_tail() const {
  if (!tail_ || tail_->offset + sizeof(RecordHeader) > parts_.shape.bytes) return std::nullopt;
  Segment before;
  bool damaged = false;
  if (!Segment::open(parts_.files, parts_.names.segment(stream_, tail_->slot), FileLayer::Access::write,
                     before)
           .ok() ||
      before.bytes() < parts_.shape.bytes)
    return std::nullopt;
  const auto header = before.header(parts_.shape, stream_, damaged);
  if (!header || header->number != tail_->number) return std::nullopt;
  return before;
}

Status MmapWriter::sync(const Segment& segment) {
  if (!parts_.to_disk()) return {};
  if (const int error = parts_.files.sync(segment.file()))
    return poison(file_error("sync", segment.path(), error));
  return {};
}

// A record that sends readers along the chain; the headers of the segments say the same.
void MmapWriter::lead_on(const Segment& before, uint64_t number, uint64_t offset, uint64_t sequence) {
  RecordHeader roll{};
  roll.magic = format::record_magic;
  roll.kind = RecordKind::roll;
  roll.sequence = sequence;
  roll.segment = number;
  roll.offset = offset;
  roll.detail = current_->slot;
  store_record(before, roll);
}

// In the mapped file, the commit word last.
void MmapWriter::store_record(const Segment& segment, RecordHeader header) {
  header.checksum = format::checksum_of(header, parts_.shape.session_key);
  constexpr size_t word = sizeof header.commit;
  std::byte* place = segment.at(header.offset);
  std::memcpy(place + word, reinterpret_cast<const std::byte*>(&header) + word, sizeof header - word);
  parts_.files.commit(segment.path(), std::atomic_ref(*reinterpret_cast<uint64_t*>(place)),
                      format::commit_word(header, parts_.shape.session_key));
}

bool MmapWriter::fits(uint64_t frame_bytes) const {
  // A roll or end record must fit behind it.
  return current_ && offset_ + format::record_bytes(frame_bytes) + sizeof(RecordHeader) <= parts_.shape.bytes;
}

Status MmapWriter::claim(uint64_t min_bytes, std::span<std::byte>& out) {
  if (parts_.cancelled.load()) return cancelled_error();
  if (poisoned_) return *poisoned_;
  if (claimed_) return misuse("a second claim while one is open");
  if (sealed_) return misuse("a claim after the end of the stream");
  if (min_bytes > largest_)
    return Error(ErrorClass::config, "E_BATCH_TOO_LARGE",
                 "a frame of " + std::to_string(min_bytes) + " bytes can never fit: a segment has room for " +
                     std::to_string(largest_) + ", the session for " + std::to_string(parts_.capacity()) +
                     " bytes")
        .try_this("raise staging.maxBytes, or make batches smaller");
  // A rewind may have taken a segment too many: it stays empty until there is room.
  while (pool_.is_over()) {
    control().wants_room.store(1);
    if (Status status = wait_for_room({}, min_bytes); !status.ok()) return status;
  }
  stay_near();
  in_spare_ = !fits(min_bytes);
  if (in_spare_ && !spare_)
    if (Status status = take_segment(min_bytes); !status.ok()) return status;
  claimed_ = true;
  if (!parts_.to_disk()) {
    const uint64_t offset = in_spare_ ? format::first_record : offset_;
    room_ = (parts_.shape.bytes - offset - 2 * sizeof(RecordHeader)) / 64 * 64;
    out = {place_of_claim() + sizeof(RecordHeader), room_};
    return {};
  }
  room_ = format::record_bytes(min_bytes) - sizeof(RecordHeader);
  if (buffer_bytes_ < room_) {
    buffer_.reset(new std::byte[room_ + sizeof(RecordHeader) + 64]);
    buffer_bytes_ = room_;
    const auto address = reinterpret_cast<uintptr_t>(buffer_.get());
    buffer_at_ = buffer_.get() + (64 - address % 64) % 64;
  }
  out = {buffer_at_ + sizeof(RecordHeader), room_};
  return {};
}

Status MmapWriter::full(uint64_t frame_bytes) const {
  return Error(ErrorClass::transient, "E_STAGING_FULL",
               "mmap staging is full: " + std::to_string(parts_.used.load()) + " of " +
                   std::to_string(parts_.capacity()) + " bytes are used, a frame of " +
                   std::to_string(frame_bytes) + " bytes found no room in " + parts_.names.folder)
      .try_this("raise staging.maxBytes, let staging.whenFull be block, or let `sluice import` read it");
}

// A reader of this run that is behind finds frames in the processor's cache when there are few. Where it
// stands still, for a commit or for its turn, the writer goes on into the room that there is, and waits for
// it no more until it has moved.
void MmapWriter::stay_near() {
  if (parts_.ends != StagingEnds::both || parts_.fail_when_full || parts_.to_disk()) return;
  const auto near = [this] {
    const uint64_t taken = control().taken.load();
    return parts_.cancelled.load() || next_ < taken + working_set_frames(last_frame_bytes_);
  };
  const uint64_t taken = control().taken.load();
  if (taken == stood_still_at_ || near()) return;
  const Stopwatch blocked(parts_.blocked);
  EventWait wait(control().freed_event, control().writer_waits, patience_);
  const bool reached = wait.until(near, EventWait::Clock::now() + longest_near, [] { return false; });
  if (!reached && control().taken.load() == taken) stood_still_at_ = taken;
}

// Gets the segment that the next one will be.
Status MmapWriter::take_segment(uint64_t frame_bytes) {
  for (;;) {
    std::optional<SegmentPool::Taken> taken;
    Status status = pool_.take(taken);
    control().wants_room.store(taken && !pool_.crowded() ? 0 : 1);
    if (taken) {
      spare_ = taken;
      return {};
    }
    if (status = wait_for_room(status, frame_bytes); !status.ok()) return status;
  }
}

// A disk that is full is like a stream that is full, as long as a reader of this process will let go of
// segments.
Status MmapWriter::wait_for_room(const Status& refusal, uint64_t frame_bytes) {
  if (!refusal.ok() && (parts_.ends != StagingEnds::both || !pool_.any_to_wait_for() ||
                        parts_.fail_when_full || refusal.error().code() != "E_STAGING_DISK_FULL"))
    return refusal.error();
  if (parts_.fail_when_full) return full(frame_bytes);
  const Stopwatch blocked(parts_.blocked);
  EventWait wait(control().freed_event, control().writer_waits, patience_);
  const auto ready = [this] { return parts_.cancelled.load() || pool_.can_recycle(); };
  // A writer alone waits as long as a reader is there, and a while for one to come.
  auto last_seen = EventWait::Clock::now();
  bool alone = false;
  const auto look = [&] {
    if (parts_.ends == StagingEnds::both) return false;
    if (!parts_.is_free(parts_.names.reader_lock())) last_seen = EventWait::Clock::now();
    return alone = EventWait::Clock::now() - last_seen >= parts_.reader_grace;
  };
  while (!wait.until(ready, EventWait::Clock::now() + std::chrono::hours(1), look))
    if (alone) return full(frame_bytes);
  return parts_.cancelled.load() ? cancelled_error() : Status();
}

// The spare segment becomes the current one.
void MmapWriter::begin_segment() {
  if (current_) pool_.retire(current_->slot, next_);
  const Cursor& cursor = pool_.cursor();
  spare_->segment->begin_use(parts_.shape, stream_, ++number_, next_, cursor.acknowledged, cursor.kept_from);
  parts_.take_segment();
  current_ = std::exchange(spare_, std::nullopt);
  offset_ = format::first_record;
}

Status MmapWriter::publish(uint64_t bytes) {
  if (!claimed_) return misuse("a publish without a claim");
  if (poisoned_) return *poisoned_;
  if (bytes > room_ || bytes < sizeof(sluice_frame_header) || bytes % 64 != 0)
    return misuse("a publish of " + std::to_string(bytes) + " bytes out of a claim of " +
                  std::to_string(room_));
  claimed_ = false;
  const std::byte* at =
      parts_.to_disk() ? buffer_at_ + sizeof(RecordHeader) : place_of_claim() + sizeof(RecordHeader);
  const std::span<const std::byte> frame(at, bytes);
  sluice_frame_header about;
  std::memcpy(&about, frame.data(), sizeof about);
  if (about.sequence != next_)
    return misuse("frame " + std::to_string(about.sequence) + " where frame " + std::to_string(next_) +
                  " is due");
  const std::optional<SegmentPool::Taken> before = current_;
  const uint64_t before_number = number_, before_offset = offset_;
  if (in_spare_) begin_segment();
  RecordHeader header{};
  header.kind = RecordKind::frame;
  header.size = bytes;
  header.detail = about.checkpoint.size > 0 ? format::frame_has_checkpoint : 0;
  header.records = about.record_count;
  if (Status status = put_record(header, frame); !status.ok()) return status;
  if (in_spare_) lead_here(before, before_number, before_offset);
  ++next_;
  last_frame_bytes_ = bytes;
  if (!parts_.to_disk())
    show(next_);
  else if (Status status = durable_.put(*current_->segment, next_, bytes); !status.ok())
    return poison(std::move(status));
  if (offset_ > parts_.shape.bytes / 2) pool_.reserve_ahead();
  return {};
}

// From the segment before to the one that was just begun.
void MmapWriter::lead_here(const std::optional<SegmentPool::Taken>& before, uint64_t number,
                           uint64_t offset) {
  if (before) lead_on(*before->segment, number, offset, next_);
  if (const std::optional<Segment> tail = open_tail()) lead_on(*tail, tail_->number, tail_->offset, next_);
  tail_.reset();
}

std::byte* MmapWriter::place_of_claim() const {
  return in_spare_ ? spare_->segment->at(format::first_record) : current_->segment->at(offset_);
}

std::optional<SharedPlace> MmapWriter::shared_place(const std::byte* in_claim) const {
  if (!claimed_ || parts_.to_disk()) return std::nullopt;
  const SegmentPool::Taken& in = in_spare_ ? *spare_ : *current_;
  return in.segment->place_of(in_claim, stream_, in.slot);
}

// Completes the header of a record at the end of the current segment and makes it whole there, the commit
// word last.
Status MmapWriter::put_record(RecordHeader header, std::span<const std::byte> frame) {
  header.magic = format::record_magic;
  header.sequence = next_;
  header.segment = number_;
  header.offset = offset_;
  Segment& segment = *current_->segment;
  if (parts_.to_disk()) {
    header.checksum = format::checksum_of(header, parts_.shape.session_key);
    header.commit = format::commit_word(header, parts_.shape.session_key);
    std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(&header), sizeof header);
    if (!frame.empty()) {
      std::memcpy(buffer_at_, &header, sizeof header);
      bytes = {buffer_at_, sizeof header + frame.size()};
    }
    if (const int error = parts_.files.write(segment.file(), offset_, bytes))
      return poison(file_error("write", segment.path(), error, bytes.size()));
  } else {
    store_record(segment, header);
  }
  offset_ += format::record_bytes(header.size);
  return {};
}

// After a failed write or sync nobody knows what the disk holds, and a second sync would tell nothing: the
// stream takes no more.
Status MmapWriter::poison(Status status) {
  poisoned_ = status.error();
  return status;
}

void MmapWriter::abandon() {
  claimed_ = false;
}

Status MmapWriter::seal(SealedAs how) {
  if (claimed_) return misuse("the end of the stream while a claim is open");
  if (poisoned_) return *poisoned_;
  if (sealed_) return {};
  if (Status status = durable_.drain(); !status.ok()) return poison(std::move(status));
  if (how != SealedAs::cut_off) {
    // A run that ends in one process needs no end on the disk while there is nothing before it.
    if (!current_ && next_ == 0 && parts_.ends != StagingEnds::both) {
      if (!spare_)
        if (Status status = take_segment(0); !status.ok()) return status;
      begin_segment();
    }
    if (current_) {
      RecordHeader header{};
      header.kind = RecordKind::end;
      header.detail = static_cast<uint32_t>(how);
      if (Status status = put_record(header, {}); !status.ok()) return status;
      if (Status status = sync(*current_->segment); !status.ok()) return status;
    }
    // The end stands twice. Where a stream was opened again and nothing came, the mark says it alone.
    if (Status status =
            write_end_mark(parts_.files, parts_.names, parts_.shape, stream_, {next_, how}, parts_.to_disk());
        !status.ok())
      return poison(std::move(status));
  }
  sealed_ = true;
  control().sealed.store(1 + static_cast<uint32_t>(how));
  EventWait::raise(control().published_event, control().reader_waits);
  return {};
}

}  // namespace sluice::staging
