#include "staging/mmap/offline_repair.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "staging/mmap/end_mark.hpp"
#include "staging/mmap/staging_folder.hpp"

namespace sluice::staging {

namespace {

class Repair {
 public:
  Repair(FileLayer& files, const OfflineSession& session, RepairReport& out)
      : files_(files),
        session_(session),
        out_(out),
        damaged_in_(session.folder + "/" + std::string(damaged_folder)) {}

  Status run() {
    SessionCheck found;
    if (Status status = look(found); !status.ok()) return status;
    if (Status status = mend_manifest(found); !status.ok()) return status;
    for (uint32_t stream = 0; stream < found.streams.size(); ++stream) {
      if (Status status = mend_cursor(stream, found.streams[stream]); !status.ok()) return status;
      if (Status status = mend_end_mark(stream, found.streams[stream]); !status.ok()) return status;
      if (Status status = mend_headers(stream, found.streams[stream]); !status.ok()) return status;
      if (Status status = move_segments(found.streams[stream]); !status.ok()) return status;
      if (Status status = cut_tail(stream, found.streams[stream]); !status.ok()) return status;
    }
    return check_locked(
        files_, session_, [](const Damage&) {}, out_.after);
  }

 private:
  void did(std::string what) { out_.actions.push_back(std::move(what)); }

  // Sets damaged bytes aside on the way.
  Status look(SessionCheck& found) {
    std::vector<std::string> before;
    (void)files_.list(damaged_in_, before);
    std::optional<Error> failure;
    const auto keep = [&](const Damage& damage) {
      const std::string path = set_aside(files_, damaged_in_, session_.id(), damage);
      const std::string name = path.substr(path.rfind('/') + 1);
      if (damage.bytes.empty()) return;
      if (path.empty())
        failure = Error(ErrorClass::system, "E_STAGING_IO",
                        "staging cannot set aside damaged bytes of " + damage.path, damaged_in_,
                        "make room there, and look at the folder's permissions");
      else if (std::find(before.begin(), before.end(), name) == before.end())
        did("stream " + std::to_string(damage.stream) + ": " + std::to_string(damage.bytes.size()) +
            " damaged bytes are set aside in " + path);
    };
    if (Status status = check_locked(files_, session_, keep, found); !status.ok()) return status;
    return failure ? Status(*failure) : Status();
  }

  // The folder of this repair, made when it is first needed.
  Status backup_folder(std::string& path) {
    if (out_.backup.empty()) {
      int error = files_.make_folder(damaged_in_);
      if (error != 0 && error != EEXIST) return file_error("create", damaged_in_, error);
      std::string made;
      error = EEXIST;
      for (int n = 1; error == EEXIST; ++n) {
        made = damaged_in_ + "/" + session_.id() + ".backup-" + std::to_string(n);
        error = files_.make_folder(made);
      }
      if (error) return file_error("create", made, error);
      out_.backup = made;
    }
    path = out_.backup;
    return {};
  }

  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  // Bytes of a file, copied as `name`. A file that is not there needs no copy.
  Status back_up(const std::string& path, uint64_t offset, uint64_t bytes, const std::string& name) {
    std::string to;
    if (Status status = backup_folder(to); !status.ok()) return status;
    to += "/" + name;
    File from, copy;
    int error = files_.open(path, FileLayer::Access::read, from);
    if (error == ENOENT) return {};
    if (error) return file_error("open", path, error);
    error = files_.create(to, 0, copy);
    if (error == EEXIST) return {};  // earlier in this repair
    if (error) return file_error("create", to, error);
    constexpr size_t piece = size_t{1} << 20;
    const auto buffer = std::make_unique<std::byte[]>(piece);
    for (uint64_t done = 0; done < bytes;) {
      size_t got = 0;
      const std::span<std::byte> room(buffer.get(), std::min<uint64_t>(piece, bytes - done));
      if ((error = files_.read(from, offset + done, room, got))) return file_error("read", path, error);
      if (got == 0) break;
      if ((error = files_.write(copy, done, room.first(got)))) return file_error("write", to, error, got);
      done += got;
    }
    if ((error = files_.sync(copy))) return file_error("sync", to, error);
    return {};
  }
  Status back_up(const std::string& path) { return back_up(path, 0, UINT64_MAX, name_of(path)); }

  Status mend_manifest(const SessionCheck& found) {
    if (found.first == CopyState::whole && found.copy == CopyState::whole) return {};
    for (const std::string& path : {session_.at.manifest(), session_.at.manifest_copy()})
      if (Status status = back_up(path); !status.ok()) return status;
    if (Status status = write_manifest(files_, session_.at, session_.manifest); !status.ok()) return status;
    const bool first = found.first != CopyState::whole;
    did(std::string(first ? "manifest" : "manifest.copy") + " was " +
        std::string(to_string(first ? found.first : found.copy)) + ": both are written anew");
    return {};
  }

  // In a new file, so that it is there as a whole or as it was.
  Status mend_cursor(uint32_t stream, const StreamCheck& found) {
    if (found.cursor == CursorState::whole) return {};
    OfflineStream now;
    if (Status status = read_stream_files(files_, session_, stream, now); !status.ok()) return status;
    const std::string path = session_.at.cursor(stream), fresh = path + ".new";
    if (Status status = back_up(path); !status.ok()) return status;
    (void)files_.remove(fresh);
    CursorFile file(files_, fresh, stream, session_.manifest.session_key, session_.to_disk());
    if (Status status = file.create(); !status.ok()) return status;
    now.cursor.generation = std::max<uint64_t>(now.cursor.generation + 1, 2);
    if (Status status = file.write(now.cursor); !status.ok()) return status;
    if (Status status = move(fresh, path); !status.ok()) return status;
    did("stream " + std::to_string(stream) + ": its cursor was " +
        (found.cursor == CursorState::lost ? "lost" : "damaged in one slot") +
        " and is made anew: batches from " + std::to_string(now.cursor.acknowledged) +
        " on count as not committed, so some may be written twice");
    return {};
  }

  Status move(const std::string& from, const std::string& to) {
    if (const int error = files_.rename(from, to)) return file_error("rename", from, error);
    if (session_.to_disk())
      if (const int error = files_.sync_folder(session_.at.folder))
        return file_error("sync", session_.at.folder, error);
    return {};
  }

  Status mend_end_mark(uint32_t stream, const StreamCheck& found) {
    if (!found.end_mark_missing) return {};
    if (Status status = back_up(session_.at.end_mark(stream)); !status.ok()) return status;
    if (Status status = write_end_mark(files_, session_.at, session_.shape(), stream, {found.next, found.how},
                                       session_.to_disk());
        !status.ok())
      return status;
    did("stream " + std::to_string(stream) + ": its end mark is written anew");
    return {};
  }

  Status mend_headers(uint32_t stream, const StreamCheck& found) {
    for (const std::string& name : found.damaged_headers) {
      const std::string path = session_.at.folder + "/" + name;
      Segment segment;
      if (Status status = Segment::open(files_, path, FileLayer::Access::read, segment); !status.ok())
        return status;
      std::optional<format::SegmentHeader> header = segment.header_from_records(session_.shape());
      if (!header) continue;
      if (Status status = back_up(path, 0, sizeof *header, name + ".0.bytes"); !status.ok()) return status;
      header->magic = format::segment_magic;
      header->version = format::version;
      header->byte_order = format::byte_order;
      header->stream = stream;
      header->session_key = session_.manifest.session_key;
      header->bytes = session_.manifest.segment_bytes;
      header->checksum = format::checksum_of(*header);
      if (Status status = write(path, 0, std::as_bytes(std::span(&*header, 1))); !status.ok()) return status;
      did(name + ": its header was damaged, and is made anew from its records");
    }
    return {};
  }

  Status write(const std::string& path, uint64_t offset, std::span<const std::byte> bytes) {
    File file;
    if (const int error = files_.open(path, FileLayer::Access::write, file))
      return file_error("open", path, error);
    if (const int error = files_.write(file, offset, bytes)) return file_error("write", path, error);
    if (const int error = files_.sync(file)) return file_error("sync", path, error);
    return {};
  }

  Status move_segments(const StreamCheck& found) {
    for (const std::string& name : found.unreadable_segments)
      if (Status status = move_segment(name, "damaged, or of another session"); !status.ok()) return status;
    for (const std::string& name : found.stub_segments)
      if (Status status = move_segment(name, "a segment that was never finished"); !status.ok())
        return status;
    return {};
  }

  Status move_segment(const std::string& name, const char* why) {
    std::string to;
    if (Status status = backup_folder(to); !status.ok()) return status;
    if (Status status = move(session_.at.folder + "/" + name, to + "/" + name); !status.ok()) return status;
    did(name + ": " + why + "; moved to " + to);
    return {};
  }

  Status cut_tail(uint32_t stream, const StreamCheck& found) {
    if (!found.torn) return {};
    const TornTail& torn = *found.torn;
    const std::string path = session_.at.folder + "/" + torn.file;
    if (Status status =
            back_up(path, torn.offset, torn.bytes, torn.file + "." + std::to_string(torn.offset) + ".bytes");
        !status.ok())
      return status;
    constexpr std::array<std::byte, sizeof(format::RecordHeader)> nothing{};
    // The last one first: until the first is gone nothing behind it is looked at.
    for (auto at = torn.records.rbegin(); at != torn.records.rend(); ++at)
      if (Status status = write(path, *at, nothing); !status.ok()) return status;
    did("stream " + std::to_string(stream) + ": " + std::to_string(torn.records.size()) +
        " torn records behind its end are cut, at byte " + std::to_string(torn.offset) + " of " + torn.file);
    return {};
  }

  FileLayer& files_;
  const OfflineSession& session_;
  RepairReport& out_;
  const std::string damaged_in_;
};

}  // namespace

Status repair_session(FileLayer& files, const std::string& folder, const std::string& id, RepairReport& out) {
  out = {};
  OfflineSession session;
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  for (const std::string& path : {folder, session.at.folder})
    if (Status status = check_owner(path); !status.ok()) return status;
  SessionLocks locks;
  if (Status status = take_locks(files, session, MissingLock::make, locks); !status.ok()) return status;
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  return Repair(files, session, out).run();
}

}  // namespace sluice::staging
