#include "staging/mmap/mmap_session.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "staging/mmap/session_removal.hpp"

namespace sluice::staging {

MmapSession::MmapSession(std::unique_ptr<SessionParts> parts, std::string staging_folder, File writer,
                         File reader)
    : parts_(std::move(parts)),
      staging_folder_(std::move(staging_folder)),
      writer_lock_(std::move(writer)),
      reader_lock_(std::move(reader)),
      note_(parts_->manifest.note) {
  for (uint32_t i = 0; i < parts_->manifest.streams; ++i) {
    auto stream = std::make_unique<Stream>();
    stream->writer = std::make_unique<MmapWriter>(*parts_, i);
    stream->reader = std::make_unique<MmapReader>(*parts_, i, [this] { return writer_is_gone(); });
    streams_.push_back(std::move(stream));
  }
}

MmapSession::~MmapSession() {
  streams_.clear();
  if (!keep_) remove_folder();
}

Status MmapSession::create() {
  keep_ = false;
  for (const auto& stream : streams_) {
    if (Status status = stream->writer->open_cursor(); !status.ok()) return status;
    if (Status status =
            stream->reader->open_cursor(has_reader() ? FileLayer::Access::write : FileLayer::Access::read);
        !status.ok())
      return status;
    if (Status status = stream->reader->begin(std::nullopt); !status.ok()) return status;
  }
  return {};
}

Status MmapSession::reopen() {
  bool gone = true;
  if (!has_writer())
    if (Status status = look_for_writer(gone); !status.ok()) return status;
  const bool alive = !gone;
  // Nothing that an earlier writer told is believed by a reader that comes meanwhile.
  for (uint32_t i = 0; has_writer() && i < streams_.size(); ++i) {
    StreamControl& control = parts_->control.stream(i);
    control.published.store(0);
    control.taken.store(0);
    control.sealed.store(0);
  }
  uint32_t index = 0;
  for (const auto& stream : streams_) {
    // Reader before writer: it makes the cursor anew when that is gone, whichever ends are used.
    if (Status status = stream->reader->open_cursor(FileLayer::Access::write); !status.ok()) return status;
    if (Status status = stream->writer->open_cursor(); !status.ok()) return status;
    if (Status status = stream->reader->begin(std::nullopt); !status.ok()) return status;
    if (!alive) {
      stream->recovered.emplace();
      if (Status status = recover(parts_->files, parts_->names, parts_->shape, index,
                                  stream->reader->cursor().kept_from, *stream->recovered);
          !status.ok())
        return status;
      if (Status status = stream->reader->begin(stream->recovered); !status.ok()) return status;
    }
    if (has_writer()) {
      if (Status status = stream->writer->go_on(*stream->recovered); !status.ok()) return status;
      StreamControl& control = parts_->control.stream(index);
      control.staged_before.store(stream->recovered->next);
      control.published.store(stream->recovered->next);
      control.sealed.store(stream->recovered->sealed ? 1 + static_cast<uint32_t>(stream->recovered->how) : 0);
      control.wants_room.store(0);
    }
    ++index;
  }
  keep_ = false;
  return {};
}

Status MmapSession::look_for_writer(bool& gone) const {
  gone = false;
  const std::string path = parts_->names.writer_lock();
  File lock;
  int error = parts_->files.open(path, FileLayer::Access::write, lock);
  if (error == 0) error = parts_->files.lock(lock);
  gone = error == 0 || error == ENOENT;
  return gone || error == EWOULDBLOCK ? Status() : Status(file_error("lock", path, error));
}

// As long as nothing says so, it is not.
bool MmapSession::writer_is_gone() const {
  return parts_->is_free(parts_->names.writer_lock());
}

void MmapSession::cancel() {
  parts_->cancelled.store(true);
  for (const auto& stream : streams_) {
    stream->writer->wake();
    stream->reader->wake();
  }
}

StagingStats MmapSession::stats() const {
  StagingStats now;
  now.used_bytes = parts_->used.load(std::memory_order_relaxed);
  now.peak_bytes = parts_->peak.load(std::memory_order_relaxed);
  now.capacity_bytes = parts_->capacity();
  now.blocked = std::chrono::nanoseconds(parts_->blocked.load(std::memory_order_relaxed));
  now.starved = std::chrono::nanoseconds(parts_->starved.load(std::memory_order_relaxed));
  return now;
}

Status MmapSession::state(uint32_t slice, StagingStreamState& out) const {
  const Stream& stream = *streams_.at(slice);
  const Cursor& cursor = stream.reader->cursor();
  out = {};
  out.first = std::max(cursor.kept_from, cursor.acknowledged);
  out.forgotten = cursor.kept_from > cursor.acknowledged;
  const std::optional<RecoveredStream>& left = stream.reader->left();
  if (left && !has_writer()) {
    out.next = left->next;
    out.sealed = left->sealed;
    out.how = left->how;
  } else {
    const StreamControl& control = parts_->control.stream(slice);
    out.writer_alive = !has_writer();
    const uint32_t sealed = control.sealed.load();
    out.next = control.published.load();
    out.how = sealed > 0 ? static_cast<SealedAs>(sealed - 1) : SealedAs::finished;
    out.sealed = sealed > 0 && out.how != SealedAs::cut_off;
  }
  out.next = std::max(out.next, out.first);
  out.committed = out.checkpoint = cursor.checkpoint;
  out.after_checkpoint = cursor.acknowledged;
  if (stream.recovered && !stream.recovered->checkpoint.empty()) {
    out.checkpoint = stream.recovered->checkpoint;
    out.after_checkpoint = stream.recovered->after_checkpoint;
  }
  stream.reader->report_damage(out);
  return {};
}

Status MmapSession::rewind(uint32_t slice, uint64_t read_from, uint64_t write_from) {
  Stream& stream = *streams_.at(slice);
  if (!stream.recovered) {
    if (read_from != as_it_is) stream.reader->begin_with(read_from);
    return {};
  }
  RecoveredStream& left = *stream.recovered;
  const uint64_t kept_from = stream.reader->cursor().kept_from;
  if (read_from != as_it_is) {
    if (read_from < kept_from || read_from > left.next)
      return Error(ErrorClass::damaged, "E_STAGING_SEQUENCE",
                   "staging session " + std::string(id()) + " has frames " + std::to_string(kept_from) +
                       " to " + std::to_string(left.next) + ", and frame " + std::to_string(read_from) +
                       " is asked for",
                   parts_->names.folder);
    stream.reader->begin_with(read_from);
  }
  if (write_from >= left.next) return {};
  if (!has_writer()) {
    stream.reader->end_before(write_from);
    return {};
  }
  // A reader in another process may hold, or have given to its sink, what is to be dropped.
  File reader;
  if (!has_reader()) {
    const std::string path = parts_->names.reader_lock();
    int error = parts_->files.open(path, FileLayer::Access::write, reader);
    if (error == 0) error = parts_->files.lock(reader);
    if (error == EWOULDBLOCK)
      return Error(ErrorClass::transient, "E_STAGE_BUSY",
                   "staging session " + std::string(id()) +
                       " is being read by a process that is alive, and " +
                       std::to_string(left.next - write_from) + " of its frames are to be dropped",
                   path, "wait until it has ended");
    if (error != 0 && error != ENOENT) return file_error("lock", path, error);
  }
  StreamWalk walk(parts_->files, parts_->names, parts_->shape, slice, [](const Damage&) {});
  if (Status status = walk.seek(write_from); !status.ok()) return status;
  if (Status status = stream.writer->go_back_to(write_from, walk.place()); !status.ok()) return status;
  left.next = write_from;
  left.sealed = false;
  parts_->control.stream(slice).sealed.store(0);
  return {};
}

Status MmapSession::annotate(std::string_view note) {
  const std::lock_guard lock(note_mutex_);
  Manifest manifest = parts_->manifest;
  manifest.note = note;
  if (Status status = write_manifest(parts_->files, parts_->names, manifest); !status.ok()) return status;
  note_ = note;
  return {};
}

std::string MmapSession::note() const {
  const std::lock_guard lock(note_mutex_);
  return note_;
}

// Only when nobody can be using the other end.
void MmapSession::remove_folder() {
  FileLayer& files = parts_->files;
  File other;
  if (!writer_lock_.is_open() || !reader_lock_.is_open()) {
    const std::string path =
        writer_lock_.is_open() ? parts_->names.reader_lock() : parts_->names.writer_lock();
    if (files.open(path, FileLayer::Access::write, other) != 0) return;
    // An export that has sealed its streams is about to end; one that goes on keeps the session.
    for (int tries = 0; files.lock(other) != 0; ++tries) {
      if (tries == 100) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  (void)remove_session(files, staging_folder_, std::string(id()));
}

}  // namespace sluice::staging
