#include "staging/mmap/offline_session.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "staging/mmap/control_page.hpp"

namespace sluice::staging {

namespace {

bool is_file_of_session(const std::string& name) {
  return name.ends_with(".segment") || name.ends_with(".cursor") || name.ends_with(".end") ||
         name.ends_with(".lock") || name.starts_with("manifest") || name == "control";
}

bool is_owned(FileLayer& files, const std::string& path) {
  File lock;
  return files.open(path, FileLayer::Access::write, lock) == 0 && files.lock(lock) == EWOULDBLOCK;
}

}  // namespace

Status find_session(FileLayer& files, const std::string& folder, const std::string& id, OfflineSession& out) {
  if (!valid_stage_id(id))
    return Error(ErrorClass::config, "E_STAGE_ID",
                 "\"" + id.substr(0, 80) + "\" is no id of a staging session", "stageRef",
                 "`sluice staging list` shows the sessions there are");
  out.folder = folder;
  out.at = {folder + "/" + id};
  Status status = read_manifest(files, out.at, out.manifest);
  if (!status.ok()) {
    std::vector<std::string> names;
    const int error = files.list(out.at.folder, names);
    if (error != 0 && error != ENOENT && error != ENOTDIR) return file_error("list", out.at.folder, error);
    if (error != 0)
      return Error(ErrorClass::config, "E_STAGE_UNKNOWN", "there is no staging session " + id, out.at.folder,
                   "`sluice staging list` shows the sessions there are");
    if (status.error().code() == "E_STAGE_UNKNOWN" &&
        std::any_of(names.begin(), names.end(), is_file_of_session))
      return Error(ErrorClass::damaged, "E_STAGING_MANIFEST",
                   "the manifest of staging session " + id + " is gone, and so is its copy", out.at.folder,
                   "the session cannot be read; `sluice staging gc " + id + "` sets it aside");
    return status;
  }
  if (out.manifest.stage_id != id)
    return Error(ErrorClass::damaged, "E_STAGING_MANIFEST",
                 "the folder of staging session " + id + " holds session " + out.manifest.stage_id,
                 out.at.folder, "rename the folder to the session's id");
  return {};
}

std::string SessionOwners::text() const {
  if (writer) return reader ? "writer, reader" : "writer";
  return reader ? "reader" : "";
}

SessionOwners owners_of(FileLayer& files, const SessionFiles& at) {
  return {is_owned(files, at.writer_lock()), is_owned(files, at.reader_lock())};
}

Status take_locks(FileLayer& files, const OfflineSession& session, MissingLock missing, SessionLocks& out) {
  SessionLocks locks;
  if (Status status =
          take_end(files, session.at.writer_lock(), session.id(), "writing", missing, locks.writer);
      !status.ok())
    return status;
  if (Status status =
          take_end(files, session.at.reader_lock(), session.id(), "reading", missing, locks.reader);
      !status.ok())
    return status;
  out = std::move(locks);
  return {};
}

Status read_stream_files(FileLayer& files, const OfflineSession& session, uint32_t stream,
                         OfflineStream& out) {
  CursorFile file(files, session.at.cursor(stream), stream, session.manifest.session_key, false);
  if (Status status = file.open(FileLayer::Access::read); !status.ok()) return status;
  out.cursor = file.read(out.cursor_damaged);
  if (Status status = SegmentTable::read(files, session.at, session.shape(), stream, out.table); !status.ok())
    return status;
  // As the reading end does: what segments tell of the cursor holds even when its newest slot is lost.
  out.cursor.acknowledged = std::max(out.cursor.acknowledged, out.table.acknowledged);
  out.cursor.kept_from = std::max({out.cursor.kept_from, out.table.kept_from, out.cursor.acknowledged});
  return {};
}

Status read_stream(FileLayer& files, const OfflineSession& session, uint32_t stream, OfflineStream& out) {
  if (Status status = read_stream_files(files, session, stream, out); !status.ok()) return status;
  return recover(files, session.at, session.shape(), stream, out.cursor.kept_from, out.left);
}

Status read_control(FileLayer& files, const OfflineSession& session, std::vector<PublishedState>& out) {
  out.assign(session.manifest.streams, {});
  const std::string path = session.at.control();
  const uint64_t needed = uint64_t{session.manifest.streams} * sizeof(StreamControl);
  File file;
  Mapping mapping;
  uint64_t bytes = 0;
  int error = files.open(path, FileLayer::Access::read, file);
  if (error == 0) error = files.size(file, bytes);
  if (error == 0 && bytes < needed) error = EIO;
  if (error == 0) error = files.map(file, needed, FileLayer::Access::read, mapping);
  if (error) return file_error("read", path, error);
  for (uint32_t stream = 0; stream < session.manifest.streams; ++stream) {
    const auto& control =
        *reinterpret_cast<const StreamControl*>(mapping.at(uint64_t{stream} * sizeof(StreamControl)));
    // Sealed first: what is published then is all there will be.
    const uint32_t sealed = control.sealed.load();
    out[stream].sealed = sealed != 0 && sealed != 1 + static_cast<uint32_t>(SealedAs::cut_off);
    out[stream].next = control.published.load();
  }
  return {};
}

uint64_t bytes_in(FileLayer& files, const std::string& folder) {
  std::vector<std::string> names;
  uint64_t total = 0;
  if (files.list(folder, names) != 0) return 0;
  std::string path;
  for (const std::string& name : names) {
    File file;
    uint64_t bytes = 0;
    path.assign(folder).append("/").append(name);
    if (files.open(path, FileLayer::Access::read, file) == 0 && files.size(file, bytes) == 0) total += bytes;
  }
  return total;
}

}  // namespace sluice::staging
