#include "staging/mmap/offline_check.hpp"

#include <algorithm>
#include <cstring>

#include "staging/mmap/end_mark.hpp"

namespace sluice::staging {

namespace {

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// `newest` is the manifest that counts.
CopyState state_of_copy(FileLayer& files, const std::string& path, const Manifest& newest) {
  Manifest manifest;
  const Status status = read_manifest_copy(files, path, manifest);
  if (!status.ok())
    return status.error().code() == "E_STAGING_MISSING" ? CopyState::missing : CopyState::damaged;
  return manifest.note == newest.note && manifest.session_key == newest.session_key ? CopyState::whole
                                                                                    : CopyState::older;
}

// Its process died before the file had its room: nothing was ever in it.
bool is_stub(const Segment& segment) {
  const uint64_t bytes = std::min<uint64_t>(segment.bytes(), sizeof(format::SegmentHeader));
  return std::all_of(segment.at(0), segment.at(bytes), [](std::byte b) { return b == std::byte{0}; });
}

bool starts_record(const Segment& segment, const SegmentShape& shape, uint64_t number, uint64_t offset,
                   format::RecordHeader& header) {
  std::memcpy(&header, segment.at(offset), sizeof header);
  return header.magic == format::record_magic && header.segment == number && header.offset == offset &&
         header.checksum == format::checksum_of(header, shape.session_key);
}

class StreamChecker {
 public:
  StreamChecker(FileLayer& files, const OfflineSession& session, uint32_t stream,
                const DamageHandler& on_damage, StreamCheck& out)
      : files_(files), session_(session), stream_(stream), on_damage_(on_damage), out_(out) {}

  Status run() {
    OfflineStream stream;
    if (Status status = read_stream(files_, session_, stream_, stream); !status.ok()) return status;
    out_.acknowledged = stream.cursor.acknowledged;
    out_.from = stream.cursor.kept_from;
    out_.next = std::max(stream.left.next, out_.from);
    out_.sealed = stream.left.sealed;
    out_.how = stream.left.how;
    EndMark mark;
    bool marked = false;
    if (Status status = read_end_mark(files_, session_.at, session_.shape(), stream_, mark, marked);
        !status.ok())
      return status;
    out_.end_mark_missing = out_.sealed && !marked;
    out_.segments = stream.table.segments.size();
    out_.unused_segments = stream.table.unused.size();
    // The first slot that is written has generation 1.
    if (stream.cursor_damaged)
      out_.cursor = stream.cursor.generation == 0 ? CursorState::lost : CursorState::one_slot_damaged;
    for (const SegmentInfo& info : stream.table.segments) check_header(info.slot);
    for (const uint32_t slot : stream.table.damaged) sort_out(slot);
    if (Status status = walk_frames(); !status.ok()) return status;
    return out_.sealed || !stream.left.tail ? Status() : look_behind(*stream.left.tail);
  }

 private:
  void check_header(uint32_t slot) {
    const std::string path = session_.at.segment(stream_, slot);
    Segment segment;
    bool damaged = false;
    if (!Segment::open(files_, path, FileLayer::Access::read, segment).ok() ||
        !segment.header(session_.shape(), stream_, damaged))
      out_.damaged_headers.push_back(file_name(path));
  }

  // A header that cannot be believed.
  void sort_out(uint32_t slot) {
    const std::string path = session_.at.segment(stream_, slot), name = file_name(path);
    const auto& known = out_.damaged_headers;
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    Segment segment;
    const bool stub = Segment::open(files_, path, FileLayer::Access::read, segment).ok() && is_stub(segment);
    (stub ? out_.stub_segments : out_.unreadable_segments).push_back(name);
  }

  Status walk_frames() {
    StreamWalk walk(files_, session_.at, session_.shape(), stream_, [this](const Damage& damage) {
      out_.lost_frames += damage.frames;
      out_.lost_bytes += damage.bytes.size();
      out_.ranges.push_back({damage.sequence, damage.frames, file_name(damage.path), damage.offset,
                             static_cast<uint64_t>(damage.bytes.size())});
      on_damage_(damage);
    });
    if (Status status = walk.seek(out_.from); !status.ok()) return status;
    StreamWalk::Step step;
    while (walk.expected() < out_.next) {
      if (Status status = walk.next(out_.next, true, step); !status.ok()) return status;
      if (step.found != StreamWalk::Found::frame) {
        walk.give_up(out_.next);
        continue;
      }
      ++out_.frames;
      out_.records += step.header.records;
      out_.bytes += step.header.size;
    }
    return {};
  }

  Status look_behind(const RecordPlace& tail) {
    const std::string path = session_.at.segment(stream_, tail.slot);
    Segment segment;
    if (!Segment::open(files_, path, FileLayer::Access::read, segment).ok()) return {};
    TornTail torn{file_name(path), 0, 0, {}};
    uint64_t end = 0;
    for (uint64_t at = tail.offset; at + sizeof(format::RecordHeader) <= segment.bytes(); at += 64) {
      format::RecordHeader header;
      if (!starts_record(segment, session_.shape(), tail.number, at, header) ||
          header.kind != format::RecordKind::frame || header.sequence < out_.next)
        continue;
      torn.records.push_back(at);
      end = std::max(end, at + sizeof header + std::min(header.size, segment.bytes() - at - sizeof header));
    }
    if (torn.records.empty()) return {};
    torn.offset = torn.records.front();
    torn.bytes = end - torn.offset;
    out_.torn = std::move(torn);
    return {};
  }

  FileLayer& files_;
  const OfflineSession& session_;
  const uint32_t stream_;
  const DamageHandler& on_damage_;
  StreamCheck& out_;
};

}  // namespace

std::string_view to_string(CursorState state) {
  switch (state) {
    case CursorState::whole:
      return "whole";
    case CursorState::one_slot_damaged:
      return "one slot damaged";
    case CursorState::lost:
      break;
  }
  return "lost";
}

std::string_view to_string(CopyState state) {
  switch (state) {
    case CopyState::whole:
      return "whole";
    case CopyState::older:
      return "older";
    case CopyState::damaged:
      return "damaged";
    case CopyState::missing:
      break;
  }
  return "missing";
}

bool SessionCheck::damaged() const {
  const auto lost = [](CopyState state) {
    return state == CopyState::damaged || state == CopyState::missing;
  };
  return lost(first) || lost(copy) ||
         std::any_of(streams.begin(), streams.end(), [](const StreamCheck& s) { return s.damaged(); });
}

Status check_session(FileLayer& files, const std::string& folder, const std::string& id, SessionCheck& out) {
  OfflineSession session;
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  SessionLocks locks;
  if (Status status = take_locks(files, session, MissingLock::ignore, locks); !status.ok()) return status;
  // Between the look and the locks somebody may have changed it, or finished and removed it.
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  return check_locked(
      files, session, [](const Damage&) {}, out);
}

Status check_locked(FileLayer& files, const OfflineSession& session, const DamageHandler& on_damage,
                    SessionCheck& out) {
  out = {};
  out.manifest = session.manifest;
  out.first = state_of_copy(files, session.at.manifest(), session.manifest);
  out.copy = state_of_copy(files, session.at.manifest_copy(), session.manifest);
  out.streams.resize(session.manifest.streams);
  for (uint32_t stream = 0; stream < session.manifest.streams; ++stream)
    if (Status status = StreamChecker(files, session, stream, on_damage, out.streams[stream]).run();
        !status.ok())
      return status;
  return {};
}

}  // namespace sluice::staging
