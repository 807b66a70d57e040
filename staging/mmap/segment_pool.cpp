#include "staging/mmap/segment_pool.hpp"

#include <system_error>

namespace sluice::staging {

SegmentPool::~SegmentPool() {
  if (reserved_.valid()) reserved_.wait();
}

Status SegmentPool::adopt(const SegmentTable& table, uint64_t write_from) {
  bool ignored = false;
  seen_ = cursor_.read(ignored);
  next_slot_ = table.next_slot;
  for (size_t i = 0; i < retired_.size(); ++i) parts_.give_segment();
  retired_.clear();
  free_.clear();
  count_ = taken_ = 0;
  for (const SegmentInfo& info : table.segments) {
    ++count_;
    if (info.base >= write_from) {
      free_.push_back(info.slot);
    } else {
      retired_.push_back({info.slot, std::min(info.limit, write_from)});
      parts_.take_segment();
    }
  }
  for (const uint32_t slot : table.unused) {
    ++count_;
    free_.push_back(slot);
  }
  return {};
}

Status SegmentPool::open_slot(uint32_t slot, Segment*& out) {
  auto& held = segments_[slot];
  if (!held) {
    held = std::make_unique<Segment>();
    if (Status status =
            Segment::open(parts_.files, parts_.names.segment(stream_, slot), FileLayer::Access::write, *held);
        !status.ok()) {
      segments_.erase(slot);
      return status;
    }
  }
  out = held.get();
  return {};
}

Status SegmentPool::make(uint32_t slot, bool touch, std::unique_ptr<Segment>& out) const {
  const std::string path = parts_.names.segment(stream_, slot);
  FileSystemFacts facts;
  if (const int error = parts_.files.facts(parts_.names.folder, facts))
    return file_error("look at", parts_.names.folder, error);
  if (facts.free_bytes < parts_.min_free + parts_.shape.bytes)
    return Error(ErrorClass::transient, "E_STAGING_DISK_FULL",
                 "staging cannot reserve " + path + " (" + std::to_string(parts_.shape.bytes) +
                     " bytes): the disk has " + std::to_string(facts.free_bytes) + " bytes free, and " +
                     std::to_string(parts_.min_free) + " are to stay free",
                 path, "make room, or lower staging.mmap.minFree; what is staged is kept");
  out = std::make_unique<Segment>();
  Status status =
      Segment::create(parts_.files, path, parts_.shape, parts_.to_disk(), touch || parts_.to_disk(), *out);
  if (status.ok() && parts_.to_disk())
    if (const int error = parts_.files.sync_folder(parts_.names.folder))
      status = file_error("sync", parts_.names.folder, error);
  return status;
}

Status SegmentPool::take_new(Taken& out) {
  Reserved made;
  if (reserved_.valid()) {
    made = reserved_.get();
  } else {
    made.slot = next_slot_++;
    made.status = make(made.slot, false, made.segment);
  }
  if (!made.status.ok()) return std::move(made.status);
  ++count_;
  ++taken_;
  out = {made.slot, made.segment.get()};
  segments_[made.slot] = std::move(made.segment);
  return {};
}

bool SegmentPool::can_recycle() {
  if (retired_.empty()) return false;
  bool ignored = false;
  const Cursor now = cursor_.read(ignored);
  if (now.generation > seen_.generation) seen_ = now;
  return retired_.front().limit <= seen_.kept_from;
}

void SegmentPool::recycle() {
  if (!can_recycle()) return;
  while (!retired_.empty() && retired_.front().limit <= seen_.kept_from) {
    free_.push_back(retired_.front().slot);
    retired_.pop_front();
    parts_.give_segment();
  }
}

bool SegmentPool::is_over() {
  if (in_use() > parts_.manifest.segments) recycle();
  return in_use() > parts_.manifest.segments;
}

Status SegmentPool::take(std::optional<Taken>& out) {
  out.reset();
  recycle();
  if (in_use() >= parts_.manifest.segments) return {};
  return take_any(out);
}

Status SegmentPool::take_even_if_full(Taken& out) {
  recycle();
  std::optional<Taken> taken;
  if (Status status = take_any(taken); !status.ok()) return status;
  if (!taken) return take_new(out);
  out = *taken;
  return {};
}

Status SegmentPool::take_any(std::optional<Taken>& out) {
  while (!free_.empty()) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    Segment* segment = nullptr;
    Status status = open_slot(slot, segment);
    if (!status.ok() && !is_missing(status)) {
      free_.push_back(slot);
      return status;
    }
    // One that was taken away or cut short by somebody is of no use any more.
    if (!status.ok() || segment->bytes() < parts_.shape.bytes) {
      --count_;
      continue;
    }
    ++taken_;
    out = Taken{slot, segment};
    return {};
  }
  if (count_ >= parts_.manifest.segments) return {};
  Taken made;
  if (Status status = take_new(made); !status.ok()) return status;
  out = made;
  return {};
}

void SegmentPool::retire(uint32_t slot, uint64_t limit) {
  retired_.push_back({slot, limit});
  --taken_;
}

void SegmentPool::reserve_ahead() {
  if (reserved_.valid() || !free_.empty() || count_ >= parts_.manifest.segments || can_recycle()) return;
  try {
    const uint32_t slot = next_slot_;
    reserved_ = std::async(std::launch::async, [this, slot] {
      Reserved made;
      made.slot = slot;
      made.status = make(slot, true, made.segment);
      return made;
    });
    ++next_slot_;
  } catch (const std::system_error&) {
    // No thread to be had: the file is made when it is needed.
  }
}

}  // namespace sluice::staging
