// What the tests of mmap staging write, and how they tell that what comes back is that: sizes and checkpoints
// of frames follow from stream, sequence and the attempt that wrote them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sluice/batch/batch_view.hpp"
#include "staging/mmap/manifest.hpp"
#include "staging/mmap/segment.hpp"
#include "tests/staging/mmap/scratch.hpp"
#include "tests/staging/sealed_frames.hpp"

namespace sluice::staging {

using Next = StagingReader::Next;

inline std::string text_of(const Status& status) {
  return status.ok() ? "ok" : status.error().code() + ": " + status.error().message();
}
inline std::string code_of(const Status& status) {
  return status.ok() ? "" : status.error().code();
}
inline void require_ok(const Status& status) {
  BOOST_REQUIRE_MESSAGE(status.ok(), text_of(status));
}

// A frame that was written again after a rewind differs from the one before: another `attempt`.
struct FrameScript {
  uint64_t largest = 3072;
  uint64_t checkpoint_every = 4;

  uint64_t bytes(uint32_t stream, uint64_t sequence, uint32_t attempt = 0) const {
    const uint64_t steps = (largest - smallest_frame) / 64 + 1;
    return smallest_frame + (sequence * 7 + stream * 3 + attempt * 5) % steps * 64;
  }
  std::string checkpoint(uint32_t stream, uint64_t sequence) const {
    const bool brings = checkpoint_every > 0 && sequence % checkpoint_every == checkpoint_every - 1;
    return brings ? checkpoint_of(stream, sequence) : std::string();
  }
  void fill(std::span<std::byte> room, uint32_t stream, uint64_t sequence, uint32_t attempt = 0) const {
    write_frame(room, stream + attempt * 100, sequence, bytes(stream, sequence, attempt),
                checkpoint(stream, sequence));
  }
  Status write(StagingSession& session, uint32_t stream, uint64_t sequence, uint32_t attempt = 0) const {
    std::span<std::byte> room;
    const uint64_t size = bytes(stream, sequence, attempt);
    if (Status status = session.writer(stream).claim(size, room); !status.ok()) return status;
    fill(room, stream, sequence, attempt);
    return session.writer(stream).publish(size);
  }
  bool matches(std::span<const std::byte> frame, uint32_t stream, uint64_t sequence,
               uint32_t attempt = 0) const {
    return is_frame(frame, stream + attempt * 100, sequence, bytes(stream, sequence, attempt),
                    checkpoint(stream, sequence));
  }
};

inline constexpr uint64_t small_segment = 16 << 10;

// An empty staging folder with small segments, and the ways tests open sessions in it.
struct StageBench {
  explicit StageBench(FileLayer& layer = posix_files(), uint64_t segment_bytes = small_segment)
      : files(layer) {
    settings = scratch.settings();
    settings.segment_bytes = segment_bytes;
    settings.syncs_apart = false;
    request.durability = Durability::os;
    request.max_bytes = 16 * segment_bytes;
    request.stage_id = "s";
  }
  Status open(std::unique_ptr<StagingSession>& out, bool create, StagingEnds ends = StagingEnds::both) {
    MmapProvider provider(settings, files);
    StagingRequest asked = request;
    asked.create = create;
    asked.ends = ends;
    return provider.open(asked, out);
  }
  std::unique_ptr<StagingSession> create(StagingEnds ends = StagingEnds::both) {
    std::unique_ptr<StagingSession> session;
    require_ok(open(session, true, ends));
    return session;
  }
  std::unique_ptr<StagingSession> reopen(StagingEnds ends = StagingEnds::both) {
    std::unique_ptr<StagingSession> session;
    require_ok(open(session, false, ends));
    return session;
  }
  std::filesystem::path session_folder() const { return scratch.staging() / request.stage_id; }
  std::string segment(uint32_t stream, uint32_t slot) const {
    return SessionFiles{session_folder().string()}.segment(stream, slot);
  }
  SegmentShape shape() const {
    Manifest manifest;
    require_ok(read_manifest(files, {session_folder().string()}, manifest));
    return {manifest.session_key, manifest.segment_bytes};
  }

  FileLayer& files;
  Scratch scratch;
  MmapSettings settings;
  StagingRequest request;
};

inline StagingStreamState state_of(const StagingSession& session, uint32_t stream = 0) {
  StagingStreamState state;
  require_ok(session.state(stream, state));
  return state;
}

// Reads one frame if there is one; the frame is released.
inline Status read_sequence(StagingSession& session, uint32_t stream, Next& kind, uint64_t& sequence,
                            const FrameScript& script, uint32_t attempt = 0) {
  std::span<const std::byte> frame;
  if (Status status = session.reader(stream).next(std::chrono::milliseconds(0), kind, frame); !status.ok())
    return status;
  if (kind != Next::frame) return {};
  Status status;
  sequence = BatchView(frame).sequence();
  if (!script.matches(frame, stream, sequence, attempt))
    status = Error(ErrorClass::system, "E_TEST_FRAME",
                   "frame " + std::to_string(sequence) + " is not what was published");
  session.reader(stream).release();
  return status;
}

// Everything that comes until the end, or until nothing comes.
inline std::vector<uint64_t> read_all(StagingSession& session, uint32_t stream, const FrameScript& script,
                                      Next* last = nullptr, uint32_t attempt = 0) {
  std::vector<uint64_t> sequences;
  for (;;) {
    Next kind{};
    uint64_t sequence = 0;
    require_ok(read_sequence(session, stream, kind, sequence, script, attempt));
    if (last) *last = kind;
    if (kind != Next::frame) return sequences;
    sequences.push_back(sequence);
  }
}

inline std::vector<uint64_t> range(uint64_t from, uint64_t to) {
  std::vector<uint64_t> all;
  for (; from < to; ++from) all.push_back(from);
  return all;
}

}  // namespace sluice::staging
