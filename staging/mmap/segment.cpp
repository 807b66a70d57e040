#include "staging/mmap/segment.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <vector>

namespace sluice::staging {

namespace {

// A store that writes every page, for kernels without MADV_POPULATE_WRITE (before 5.14).
void touch_pages(const Mapping& mapping) {
#ifdef MADV_POPULATE_WRITE
  if (madvise(mapping.at(0), mapping.bytes(), MADV_POPULATE_WRITE) == 0) return;
#endif
  for (uint64_t at = 0; at < mapping.bytes(); at += 4096)
    std::atomic_ref(*reinterpret_cast<uint8_t*>(mapping.at(at))).fetch_or(0, std::memory_order_relaxed);
}

// Large writes make large pages in the cache, and turn reserved room into written room: a later write of a
// megabyte then costs a third.
int write_zeros(FileLayer& files, const File& file, uint64_t bytes) {
  constexpr uint64_t block = uint64_t{1} << 20;
  const std::vector<std::byte> zeros(std::min(block, bytes));
  for (uint64_t at = 0; at < bytes; at += block)
    if (const int error = files.write(file, at, std::span(zeros).first(std::min(block, bytes - at))))
      return error;
  return 0;
}

}  // namespace

Status Segment::create(FileLayer& files, const std::string& path, const SegmentShape& shape, bool to_disk,
                       bool touch, Segment& out) {
  Segment segment;
  if (const int error = files.create(path, shape.bytes, segment.file_))
    return file_error("reserve", path, error, shape.bytes);
  int error = touch ? write_zeros(files, segment.file_, shape.bytes) : 0;
  if (error == 0 && to_disk) error = files.sync(segment.file_);
  if (error == 0) error = files.map(segment.file_, shape.bytes, FileLayer::Access::write, segment.mapping_);
  if (error) {
    (void)files.remove(path);
    return file_error("map", path, error, shape.bytes);
  }
  // A mapped page that is written later would be write-protected by each sync: with disk nothing is gained by
  // it.
  if (touch && !to_disk) touch_pages(segment.mapping_);
  out = std::move(segment);
  return {};
}

Status Segment::open(FileLayer& files, const std::string& path, FileLayer::Access access, Segment& out) {
  Segment segment;
  if (const int error = files.open(path, access, segment.file_)) return file_error("open", path, error);
  uint64_t bytes = 0;
  if (const int error = files.size(segment.file_, bytes)) return file_error("read", path, error);
  if (bytes > 0)
    if (const int error = files.map(segment.file_, bytes, access, segment.mapping_))
      return file_error("map", path, error, bytes);
  out = std::move(segment);
  return {};
}

std::optional<format::SegmentHeader> Segment::header(const SegmentShape& shape, uint32_t stream,
                                                     bool& damaged) const {
  damaged = true;
  if (bytes() < sizeof(format::SegmentHeader)) return std::nullopt;
  format::SegmentHeader header;
  std::memcpy(&header, at(0), sizeof header);
  if (header.magic == 0) {
    damaged = false;
    return std::nullopt;
  }
  if (header.magic != format::segment_magic || header.checksum != format::checksum_of(header) ||
      header.version != format::version || header.byte_order != format::byte_order ||
      header.session_key != shape.session_key || header.stream != stream || header.bytes != shape.bytes)
    return std::nullopt;
  damaged = false;
  return header;
}

std::optional<format::SegmentHeader> Segment::header_from_records(const SegmentShape& shape) const {
  format::RecordHeader record;
  if (bytes() < format::first_record + sizeof record) return std::nullopt;
  // One that is whole is of something else: another stream, session or version.
  format::SegmentHeader own;
  std::memcpy(&own, at(0), sizeof own);
  if (own.checksum == format::checksum_of(own)) return std::nullopt;
  std::memcpy(&record, at(format::first_record), sizeof record);
  if (record.magic != format::record_magic || record.offset != format::first_record ||
      record.checksum != format::checksum_of(record, shape.session_key) ||
      record.commit != format::commit_word(record, shape.session_key))
    return std::nullopt;
  format::SegmentHeader header{};
  header.number = record.segment;
  header.base_sequence = record.sequence;
  return header;
}

void Segment::begin_use(const SegmentShape& shape, uint32_t stream, uint64_t number, uint64_t base_sequence,
                        uint64_t acknowledged, uint64_t kept_from) {
  format::SegmentHeader header{};
  header.version = format::version;
  header.byte_order = format::byte_order;
  header.stream = stream;
  header.session_key = shape.session_key;
  header.number = number;
  header.base_sequence = base_sequence;
  header.bytes = shape.bytes;
  header.acknowledged = acknowledged;
  header.kept_from = kept_from;
  header.checksum = format::checksum_of(header);
  // The magic goes first and comes last: a process that dies between leaves a segment that is not in use.
  // The first record goes too: it would speak for a header that is damaged later.
  std::atomic_ref magic(*reinterpret_cast<uint32_t*>(at(0)));
  magic.store(0, std::memory_order_seq_cst);
  std::memset(at(format::first_record), 0, sizeof(format::RecordHeader));
  std::memcpy(at(sizeof header.magic), reinterpret_cast<const char*>(&header) + sizeof header.magic,
              sizeof header - sizeof header.magic);
  magic.store(format::segment_magic, std::memory_order_release);
}

std::optional<SharedPlace> Segment::place_of(const std::byte* address, uint32_t stream, uint32_t slot) const {
  if (address < at(0) || address >= at(bytes())) return std::nullopt;
  const uint64_t region = 1 + (uint64_t{stream & 0x7fff'ffffu} << 32 | slot);
  return SharedPlace{file_.descriptor(), region, static_cast<uint64_t>(address - at(0)), bytes()};
}

void Segment::end_use() {
  std::memset(at(format::first_record), 0, sizeof(format::RecordHeader));
  std::atomic_ref(*reinterpret_cast<uint32_t*>(at(0))).store(0, std::memory_order_seq_cst);
}

}  // namespace sluice::staging
