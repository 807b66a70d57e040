#include "staging/mmap/offline_cat.hpp"

#include <algorithm>

namespace sluice::staging {

namespace {

// Gives frames below `end`. `enough` when the taker wants no more.
Status give_frames(FileLayer& files, const OfflineSession& session, uint64_t from, uint64_t end,
                   const FrameTaker& take, const DamageHandler& on_damage, StreamCat& out, bool& enough) {
  StreamWalk walk(files, session.at, session.shape(), out.stream, [&](const Damage& damage) {
    out.lost_frames += damage.frames;
    out.lost_bytes += damage.bytes.size();
    on_damage(damage);
  });
  if (Status status = walk.seek(from); !status.ok()) return status;
  StreamWalk::Step step;
  while (walk.expected() < end) {
    if (Status status = walk.next(end, true, step); !status.ok()) return status;
    if (step.found != StreamWalk::Found::frame) {
      walk.give_up(end);
      continue;
    }
    ++out.frames;
    out.records += step.header.records;
    if ((enough = !take(out.stream, step.frame))) return {};
  }
  return {};
}

}  // namespace

Status cat_session(FileLayer& files, const std::string& folder, const std::string& id,
                   std::optional<uint32_t> stream, const FrameTaker& take, const DamageHandler& on_damage,
                   std::vector<StreamCat>& out) {
  out.clear();
  OfflineSession session;
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  SessionLocks locks;
  if (Status status =
          take_end(files, session.at.reader_lock(), id, "reading", MissingLock::ignore, locks.reader);
      !status.ok())
    return status;
  // A writer that is gone must not come back meanwhile: it could drop the newest frames. One that is alive
  // takes nothing back.
  Status writer = take_end(files, session.at.writer_lock(), id, "writing", MissingLock::ignore, locks.writer);
  const bool alive = !writer.ok() && writer.error().code() == "E_STAGE_BUSY";
  if (!writer.ok() && !alive) return writer;
  if (Status status = find_session(files, folder, id, session); !status.ok()) return status;
  if (stream && *stream >= session.manifest.streams)
    return Error(ErrorClass::config, "E_STAGE_STREAM",
                 "staging session " + id + " has no stream " + std::to_string(*stream), "--stream",
                 "its streams are 0 to " + std::to_string(session.manifest.streams - 1));
  std::vector<PublishedState> published;
  if (alive)
    if (Status status = read_control(files, session, published); !status.ok()) return status;

  const uint32_t first = stream.value_or(0), last = stream.value_or(session.manifest.streams - 1);
  for (uint32_t i = first; i <= last; ++i) {
    OfflineStream state;
    if (Status status =
            alive ? read_stream_files(files, session, i, state) : read_stream(files, session, i, state);
        !status.ok())
      return status;
    StreamCat& about = out.emplace_back();
    about.stream = i;
    about.cursor_damaged = state.cursor_damaged;
    bool enough = false;
    if (Status status =
            give_frames(files, session, state.cursor.kept_from, alive ? published[i].next : state.left.next,
                        take, on_damage, about, enough);
        !status.ok())
      return status;
    if (enough) return {};
  }
  return {};
}

}  // namespace sluice::staging
