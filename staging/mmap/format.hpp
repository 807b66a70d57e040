// What stands in the files of an mmap staging session: docs/staging-format.md explains it on one page.
//
// Numbers are little-endian. Nothing read from a file is used before its checksum matches, and then its
// ranges are checked all the same.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "sluice/abi/frame.h"

namespace sluice::staging::format {

inline constexpr uint32_t version = 1;
inline constexpr uint32_t byte_order = 0x01020304;

// ---- segment: <stream>-<slot>.segment

inline constexpr uint32_t segment_magic = 0x47534c53;  // "SLSG"; 0: a segment that was never used, or no more
inline constexpr uint32_t record_magic = 0x43524c53;   // "SLRC"
inline constexpr uint64_t first_record = 4096;         // the header has a page of its own

struct SegmentHeader {
  uint32_t magic;  // written last
  uint32_t version;
  uint32_t byte_order;
  uint32_t stream;
  uint64_t session_key;    // the manifest's
  uint64_t number;         // rising by use, from 1: the same file gets a higher one each time it is recycled
  uint64_t base_sequence;  // of its first frame; frames at or above a later segment's base count for nothing
  uint64_t bytes;          // of the file
  uint64_t acknowledged;   // the cursor's, when this use began: frames below may be gone from other segments
  uint64_t kept_from;      // the cursor's likewise
  uint8_t reserved[56];
  uint64_t checksum;
};
static_assert(sizeof(SegmentHeader) == 128 && std::is_trivially_copyable_v<SegmentHeader>);
static_assert(offsetof(SegmentHeader, session_key) == 16 && offsetof(SegmentHeader, checksum) == 120);

enum class RecordKind : uint32_t {
  frame = 1,  // a frame follows
  roll = 2,   // the stream goes on in the segment of slot `detail`
  end = 3,    // the stream is sealed, as `detail` says
};

inline constexpr uint32_t frame_has_checkpoint = 1;  // in `detail` of a frame

// Stands before each frame, at a multiple of 64.
struct RecordHeader {
  uint64_t commit;  // written last: commit_word() of the rest
  uint32_t magic;
  RecordKind kind;
  uint64_t sequence;  // of the frame; roll and end: the next one
  uint64_t size;      // bytes of the frame, a multiple of 64; 0 without
  uint64_t segment;   // number of the segment
  uint64_t offset;    // of this header in it
  uint32_t detail;
  uint32_t records;  // of the frame
  uint64_t checksum;
};
static_assert(sizeof(RecordHeader) == 64 && std::is_trivially_copyable_v<RecordHeader>);
static_assert(offsetof(RecordHeader, sequence) == 16 && offsetof(RecordHeader, checksum) == 56);

// ---- cursor: <stream>.cursor, two slots, written in turn

inline constexpr uint32_t cursor_magic = 0x55434c53;  // "SLCU"
inline constexpr uint64_t cursor_slot_bytes = 4096 + SLUICE_CHECKPOINT_MAX_BYTES;

struct CursorSlot {
  uint32_t magic;
  uint32_t version;
  uint32_t stream;
  uint32_t checkpoint_bytes;  // of the JSON text behind this struct
  uint64_t session_key;
  uint64_t generation;    // the slot with the higher one counts
  uint64_t acknowledged;  // sequence of the first frame that is not committed
  uint64_t kept_from;     // sequence of the first frame that may not be recycled; below `acknowledged` while
                       // a reader still holds bytes of what it acknowledged, above when frames are forgotten
  uint8_t reserved[72];
  uint64_t checksum;  // of struct and text
};
static_assert(sizeof(CursorSlot) == 128 && std::is_trivially_copyable_v<CursorSlot>);
static_assert(offsetof(CursorSlot, session_key) == 16 && offsetof(CursorSlot, checksum) == 120);

// ---- end mark: <stream>.end, zeros until the stream is sealed

inline constexpr uint32_t end_magic = 0x4e454c53;  // "SLEN"

struct EndMark {
  uint32_t magic;
  uint32_t version;
  uint32_t stream;
  uint32_t how;  // as the detail of an end record
  uint64_t session_key;
  uint64_t next;  // one past the last frame
  uint8_t reserved[24];
  uint64_t checksum;
};
static_assert(sizeof(EndMark) == 64 && std::is_trivially_copyable_v<EndMark>);
static_assert(offsetof(EndMark, session_key) == 16 && offsetof(EndMark, checksum) == 56);

// ---- checksums: seeded with the session's key, so that nothing of another session ever passes

inline uint64_t hash(const void* data, size_t bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(data, bytes, seed);
}

inline uint64_t checksum_of(const SegmentHeader& header) {
  SegmentHeader copy = header;
  copy.magic = segment_magic;
  return hash(&copy, offsetof(SegmentHeader, checksum), header.session_key);
}

inline uint64_t checksum_of(const RecordHeader& header, uint64_t session_key) {
  constexpr size_t begin = offsetof(RecordHeader, magic), end = offsetof(RecordHeader, checksum);
  return hash(reinterpret_cast<const char*>(&header) + begin, end - begin, session_key);
}

// Differs by session, place, use of the segment and content: a word left from an earlier use is never taken
// for it.
inline uint64_t commit_word(const RecordHeader& header, uint64_t session_key) {
  const uint64_t word = hash(&header.checksum, sizeof header.checksum, session_key ^ header.offset);
  return word != 0 ? word : 1;
}

inline uint64_t checksum_of(const CursorSlot& slot, const void* text) {
  const uint64_t own = hash(&slot, offsetof(CursorSlot, checksum), slot.session_key);
  return hash(text, slot.checkpoint_bytes, own);
}

inline uint64_t checksum_of(const EndMark& mark) {
  return hash(&mark, offsetof(EndMark, checksum), mark.session_key);
}

// Bytes of file that a record with a frame of so many bytes takes.
constexpr uint64_t record_bytes(uint64_t frame_bytes) {
  return sizeof(RecordHeader) + (frame_bytes + 63) / 64 * 64;
}
// Largest frame of a segment: a roll or end record must fit behind it.
constexpr uint64_t largest_frame(uint64_t segment_bytes) {
  const uint64_t rest = segment_bytes - first_record - 2 * sizeof(RecordHeader);
  return rest / 64 * 64;
}

}  // namespace sluice::staging::format
