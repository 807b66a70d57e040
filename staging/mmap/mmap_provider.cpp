#include "staging/mmap/mmap_provider.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "staging/mmap/end_lock.hpp"
#include "staging/mmap/end_mark.hpp"
#include "staging/mmap/mmap_session.hpp"
#include "staging/mmap/session_removal.hpp"
#include "staging/mmap/staging_folder.hpp"
#include "staging/random_bits.hpp"

namespace sluice::staging {

namespace {

constexpr uint64_t page = 4096;
constexpr uint64_t default_batch_bytes = uint64_t{1} << 20;
constexpr uint64_t most_segment_bytes = uint64_t{1} << 30;
constexpr uint32_t most_streams = 4096;

uint64_t page_down(uint64_t bytes) {
  return bytes / page * page;
}

struct Shape {
  uint64_t segment_bytes = 0;
  uint64_t segments = 0;  // a stream
};

// Sixteen segments a stream: what is recycled soon is still in the processor's cache, and what is never
// needed is never made. Eight with durability disk, where each is a sync of its own. Fewer when frames are
// large, and never less than two.
Shape shape_of(const StagingRequest& request, const MmapSettings& settings) {
  const uint64_t quota = page_down(request.max_bytes / std::max(request.slice_count, 1u));
  const uint64_t batch =
      std::min(request.max_batch_bytes ? request.max_batch_bytes : default_batch_bytes, quota);
  const uint64_t many = request.durability == Durability::disk ? 8 : 16;
  const uint64_t two_frames = batch / 8 * 18 + (uint64_t{128} << 10);
  uint64_t bytes = std::max(quota / many, std::min(two_frames, quota / 4));
  if (settings.segment_bytes != 0) bytes = std::min(settings.segment_bytes, quota / 2);
  bytes = page_down(std::min(bytes, most_segment_bytes));
  return {bytes, bytes ? quota / bytes : 0};
}

// All files of a new session but its segments. The locks are held from the beginning.
Status make_files(FileLayer& files, const SessionFiles& at, const Manifest& manifest, File& writer,
                  File& reader) {
  const bool to_disk = manifest.durability == Durability::disk;
  File no_sweepers;
  const std::string staging_folder = at.folder.substr(0, at.folder.rfind('/'));
  if (Status status = hold_off_sweepers(files, staging_folder, no_sweepers); !status.ok()) return status;
  if (const int error = files.make_folder(at.folder)) return file_error("create", at.folder, error);
  for (File* lock : {&writer, &reader}) {
    const std::string path = lock == &writer ? at.writer_lock() : at.reader_lock();
    if (const int error = files.create(path, 0, *lock)) return file_error("create", path, error);
    // Only somebody who deletes the folder can have it.
    if (const int error = files.lock(*lock))
      return file_error("lock", path, error == EWOULDBLOCK ? ENOENT : error);
  }
  no_sweepers = File();
  ControlPage control;
  if (Status status = control.create(files, at.control(), manifest.streams); !status.ok()) return status;
  for (uint32_t stream = 0; stream < manifest.streams; ++stream) {
    CursorFile cursor(files, at.cursor(stream), stream, manifest.session_key, to_disk);
    if (Status status = cursor.create(); !status.ok()) return status;
    if (Status status = create_end_mark(files, at, stream, to_disk); !status.ok()) return status;
  }
  return write_manifest(files, at, manifest);
}

Status put_in_place(FileLayer& files, const std::string& unfinished, const std::string& place) {
  // rename() would replace an empty folder; a session is never empty.
  const int error = files.rename(unfinished, place);
  if (error == 0) return {};
  if (error == ENOTEMPTY || error == EEXIST)
    return Error(ErrorClass::config, "E_STAGE_EXISTS", "there is a staging session in " + place + " already",
                 place, "finish it with `sluice resume`, or choose another stageRef");
  return file_error("create", place, error);
}

}  // namespace

uint64_t MmapProvider::max_frame_bytes(const StagingRequest& request) const {
  const uint64_t bytes = shape_of(request, settings_).segment_bytes;
  return bytes < 2 * page ? 0 : std::min<uint64_t>(format::largest_frame(bytes), SLUICE_FRAME_MAX_BYTES);
}

Status MmapProvider::prepare() {
  const std::lock_guard lock(prepare_mutex_);
  if (Status status = prepare_staging_folder(files_, settings_.folder); !status.ok()) return status;
  if (!prepared_) (void)sweep(files_, settings_.folder);
  prepared_ = true;
  return {};
}

Status MmapProvider::open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) {
  if (!request.stage_id.empty() && !valid_stage_id(request.stage_id))
    return Error(ErrorClass::config, "E_STAGE_ID",
                 "\"" + request.stage_id.substr(0, 80) + "\" is no id of a staging session", "stageRef",
                 "ids have 1 to 64 letters, digits, '-', '_' and '.', and begin with no '.'");
  if (Status status = prepare(); !status.ok()) return status;
  return request.stage_id.empty() || request.create ? create(request, out) : reopen(request, out);
}

Status MmapProvider::create(const StagingRequest& request, std::unique_ptr<StagingSession>& out) {
  if (request.slice_count == 0 || request.slice_count > most_streams)
    return Error(ErrorClass::config, "E_STAGING_STREAMS",
                 "a session has 1 to " + std::to_string(most_streams) + " streams, not " +
                     std::to_string(request.slice_count));
  const Shape shape = shape_of(request, settings_);
  if (shape.segment_bytes < 2 * page || shape.segments < 2)
    return Error(ErrorClass::config, "E_STAGING_TOO_SMALL",
                 std::to_string(request.max_bytes) + " bytes are too few for " +
                     std::to_string(request.slice_count) + " streams")
        .try_this("raise staging.maxBytes to at least " +
                  std::to_string(uint64_t{request.slice_count} * 8 * page));
  Manifest manifest;
  manifest.stage_id = request.stage_id.empty() ? new_stage_id() : request.stage_id;
  manifest.run_id = request.run_id;
  manifest.unit_key = request.unit_key;
  manifest.note = request.note;
  manifest.session_key = random_bits();
  manifest.durability = std::max(request.durability, Durability::os);
  manifest.streams = request.slice_count;
  manifest.segment_bytes = shape.segment_bytes;
  manifest.segments = static_cast<uint32_t>(std::min<uint64_t>(shape.segments, 1u << 20));
  manifest.created_at = std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();

  // Made under another name, so that a session is there as a whole or not at all.
  const std::string id = manifest.stage_id, place = settings_.folder + "/" + id;
  const SessionFiles unfinished{settings_.folder + "/" + std::string(unfinished_prefix) + id + "-" +
                                std::to_string(random_bits() % 1'000'000'000)};
  File writer, reader;
  Status status = make_files(files_, unfinished, manifest, writer, reader);
  if (status.ok()) status = put_in_place(files_, unfinished.folder, place);
  if (!status.ok()) {
    (void)delete_folder(files_, unfinished.folder);
    return status;
  }
  if (manifest.durability == Durability::disk)
    if (const int error = files_.sync_folder(settings_.folder)) {
      (void)remove_session(files_, settings_.folder, id);
      return file_error("sync", settings_.folder, error);
    }
  if (request.ends == StagingEnds::reader) writer = File();
  if (request.ends == StagingEnds::writer) reader = File();
  auto parts = std::make_unique<SessionParts>(files_, SessionFiles{place}, std::move(manifest), request.ends,
                                              request.fail_when_full, settings_.min_free,
                                              settings_.folder + "/" + std::string(damaged_folder));
  parts->reader_grace = settings_.reader_grace;
  parts->syncs_apart = settings_.syncs_apart;
  status = parts->control.open(files_, parts->names.control(), parts->manifest.streams);
  if (!status.ok()) {
    (void)remove_session(files_, settings_.folder, id);
    return status;
  }
  auto session =
      std::make_unique<MmapSession>(std::move(parts), settings_.folder, std::move(writer), std::move(reader));
  if (status = session->create(); !status.ok()) return status;
  out = std::move(session);
  return {};
}

Status MmapProvider::reopen(const StagingRequest& request, std::unique_ptr<StagingSession>& out) {
  const SessionFiles at{settings_.folder + "/" + request.stage_id};
  Manifest manifest;
  bool healed = false;
  if (Status status = read_manifest(files_, at, manifest, &healed); !status.ok()) return status;
  if (Status status = check_owner(at.folder); !status.ok()) return status;
  File writer, reader;
  if (request.ends != StagingEnds::reader)
    if (Status status =
            take_end(files_, at.writer_lock(), request.stage_id, "writing", MissingLock::make, writer);
        !status.ok())
      return status;
  if (request.ends != StagingEnds::writer)
    if (Status status =
            take_end(files_, at.reader_lock(), request.stage_id, "reading", MissingLock::make, reader);
        !status.ok())
      return status;
  // Between the look and the lock somebody may have finished and removed it.
  if (Status status = read_manifest(files_, at, manifest, &healed); !status.ok()) return status;
  if (manifest.stage_id != request.stage_id)
    return Error(ErrorClass::damaged, "E_STAGING_MANIFEST",
                 "the folder of staging session " + request.stage_id + " holds session " + manifest.stage_id,
                 at.folder, "rename the folder to the session's id");
  if (request.durability > manifest.durability)
    return Error(ErrorClass::config, "E_STAGING_DURABILITY",
                 "staging session " + request.stage_id + " was made with durability " +
                     std::string(to_string(manifest.durability)) + ", and " +
                     std::string(to_string(request.durability)) + " is asked for",
                 at.folder, "finish it with the durability it has");
  // A copy that is lost or older is written anew; a full disk is no reason not to read what is staged.
  Manifest copy;
  if (healed || !read_manifest_copy(files_, at.manifest_copy(), copy).ok() || copy.note != manifest.note)
    (void)write_manifest(files_, at, manifest);
  auto parts = std::make_unique<SessionParts>(files_, at, std::move(manifest), request.ends,
                                              request.fail_when_full, settings_.min_free,
                                              settings_.folder + "/" + std::string(damaged_folder));
  parts->reader_grace = settings_.reader_grace;
  parts->syncs_apart = settings_.syncs_apart;
  if (Status status = parts->control.open(files_, parts->names.control(), parts->manifest.streams);
      !status.ok())
    return status;
  auto session =
      std::make_unique<MmapSession>(std::move(parts), settings_.folder, std::move(writer), std::move(reader));
  if (Status status = session->reopen(); !status.ok()) return status;
  out = std::move(session);
  return {};
}

}  // namespace sluice::staging
