#include "staging/mmap/offline_list.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "staging/mmap/staging_folder.hpp"

namespace sluice::staging {

namespace {

template <class Value>
uint64_t sum(const std::vector<StreamLook>& streams, Value value) {
  return std::accumulate(streams.begin(), streams.end(), uint64_t{0},
                         [&](uint64_t total, const StreamLook& stream) { return total + value(stream); });
}

// Headers only. What is damaged is `check`'s to find; a reader that is alive may have let go of what the walk
// looks for.
Status count_pending(FileLayer& files, const OfflineSession& session, uint32_t stream, StreamLook& look) {
  StreamWalk walk(files, session.at, session.shape(), stream, [](const Damage&) {});
  if (Status status = walk.seek(look.kept_from); !status.ok()) return status;
  StreamWalk::Step step;
  for (;;) {
    if (Status status = walk.next(look.next, false, step); !status.ok()) return status;
    if (step.found != StreamWalk::Found::frame) return {};
    look.records += step.header.records;
    look.bytes += step.header.size;
  }
}

Status look_at_streams(FileLayer& files, const OfflineSession& session, SessionLook& out) {
  std::vector<PublishedState> published;
  if (out.owners.writer)
    if (Status status = read_control(files, session, published); !status.ok()) return status;
  for (uint32_t i = 0; i < session.manifest.streams; ++i) {
    OfflineStream stream;
    if (Status status = out.owners.writer ? read_stream_files(files, session, i, stream)
                                          : read_stream(files, session, i, stream);
        !status.ok())
      return status;
    StreamLook look;
    look.acknowledged = stream.cursor.acknowledged;
    look.kept_from = stream.cursor.kept_from;
    look.next = out.owners.writer ? published[i].next : stream.left.next;
    look.next = std::max(look.next, look.kept_from);
    look.sealed = out.owners.writer ? published[i].sealed : stream.left.sealed;
    look.never_written = stream.never_written();
    if (Status status = count_pending(files, session, i, look); !status.ok()) return status;
    out.streams.push_back(look);
    // Whoever uses the session writes just now what could be taken for damage.
    if (!out.owners.any())
      out.damaged = out.damaged || stream.cursor_damaged || !stream.table.damaged.empty();
  }
  return {};
}

// May be torn where somebody changes the session meanwhile.
Status look_once(FileLayer& files, const std::string& folder, const std::string& id,
                 std::optional<SessionOwners> known, SessionLook& out) {
  out = {};
  out.id = id;
  OfflineSession session;
  Status status = find_session(files, folder, id, session);
  if (!status.ok() && (status.error().code() == "E_STAGE_UNKNOWN" || status.error().code() == "E_STAGE_ID"))
    return status;
  out.owners = known ? *known : owners_of(files, session.at);
  out.bytes = bytes_in(files, session.at.folder);
  if (status.ok()) {
    out.manifest = session.manifest;
    Manifest ignored;
    bool one_is_lost = false;
    (void)read_manifest(files, session.at, ignored, &one_is_lost);
    out.damaged = one_is_lost;
    status = look_at_streams(files, session, out);
    if (!status.ok()) out.streams.clear();
  }
  if (!status.ok()) {
    out.error = status.error();
    out.damaged = out.damaged || status.error().error_class() == ErrorClass::damaged;
  }
  return {};
}

}  // namespace

uint64_t SessionLook::pending_frames() const {
  return sum(streams, [](const StreamLook& stream) { return stream.pending(); });
}
uint64_t SessionLook::pending_records() const {
  return sum(streams, [](const StreamLook& stream) { return stream.records; });
}
uint64_t SessionLook::pending_bytes() const {
  return sum(streams, [](const StreamLook& stream) { return stream.bytes; });
}
bool SessionLook::sealed() const {
  return !streams.empty() &&
         std::all_of(streams.begin(), streams.end(), [](const StreamLook& stream) { return stream.sealed; });
}

Status look_at_session(FileLayer& files, const std::string& folder, const std::string& id, SessionLook& out,
                       std::optional<SessionOwners> known) {
  const SessionFiles at{folder + "/" + id};
  for (int attempt = 0;; ++attempt) {
    if (Status status = look_once(files, folder, id, known, out); !status.ok()) return status;
    if (known) return {};
    // Whoever came or went meanwhile changed what was looked at.
    std::vector<std::string> names;
    const bool gone = files.list(at.folder, names) == ENOENT;
    if (!gone && (owners_of(files, at) == out.owners || attempt == 3)) return {};
  }
}

Status list_staging(FileLayer& files, const std::string& folder, std::vector<SessionLook>& out) {
  out.clear();
  std::vector<std::string> ids;
  if (Status status = list_sessions(files, folder, ids); !status.ok()) return status;
  for (const std::string& id : ids) {
    SessionLook look;
    // One that is gone by now, or never was a session.
    if (look_at_session(files, folder, id, look).ok()) out.push_back(std::move(look));
  }
  return {};
}

}  // namespace sluice::staging
