// The ABI tables of a StagingProvider and its sessions.
#pragma once

#include "sluice/detail/guard.hpp"
#include "sluice/staging.hpp"

namespace sluice::detail {

inline sluice_status status_to_abi(const Status& status, sluice_error* error) noexcept {
  return status.ok() ? SLUICE_OK : to_abi(status.error(), error);
}

struct StagingThunks {
  static StagingSession& get(void* self) { return *static_cast<StagingSession*>(self); }
  static StagingProvider& provider(void* self) { return *static_cast<StagingProvider*>(self); }

  // Runs a call that gives a Status, and lets nothing be thrown out of it.
  template <class Call>
  static sluice_status answer(sluice_error* error, Call&& call) noexcept {
    return guard(error, [&] { call().throw_if_failed(); });
  }

  static StagingRequest request(const sluice_staging_request& from) {
    StagingRequest to;
    to.slice_count = from.slice_count;
    to.durability = static_cast<Durability>(from.durability);
    to.fail_when_full = from.when_full == SLUICE_WHEN_FULL_FAIL;
    to.max_bytes = from.max_bytes;
    to.max_batch_bytes = from.max_batch_bytes;
    to.run_id = view(from.run_id);
    to.unit_key = view(from.unit_key);
    to.stage_id = view(from.stage_id);
    to.create = from.create != 0;
    to.ends = static_cast<StagingEnds>(from.ends);
    to.note = view(from.note);
    return to;
  }

  // For functions that cannot fail: there is nobody to tell.
  template <class Call>
  static void quietly(Call&& call) noexcept {
    (void)guard(nullptr, std::forward<Call>(call));
  }

  static void close(void* self, int32_t keep) {
    if (keep) quietly([&] { get(self).keep(); });
    quietly([&] { delete static_cast<StagingSession*>(self); });
  }
  static sluice_status claim(void* self, uint32_t stream, uint64_t min_bytes, sluice_span* out,
                             sluice_error* error) {
    return answer(error, [&] {
      std::span<std::byte> room;
      Status status = get(self).writer(stream).claim(min_bytes, room);
      *out = {reinterpret_cast<uint8_t*>(room.data()), room.size()};
      return status;
    });
  }
  static sluice_status publish(void* self, uint32_t stream, uint64_t bytes, sluice_error* error) {
    return answer(error, [&] { return get(self).writer(stream).publish(bytes); });
  }
  static void abandon(void* self, uint32_t stream) {
    quietly([&] { get(self).writer(stream).abandon(); });
  }
  static sluice_status seal(void* self, uint32_t stream, uint32_t how, sluice_error* error) {
    return answer(error, [&] { return get(self).writer(stream).seal(static_cast<SealedAs>(how)); });
  }
  static sluice_status next(void* self, uint32_t stream, uint64_t wait_ms, sluice_bytes* out,
                            sluice_error* error) {
    return answer(error, [&] {
      auto kind = StagingReader::Next::nothing_yet;
      std::span<const std::byte> frame;
      Status status = get(self).reader(stream).next(std::chrono::milliseconds(wait_ms), kind, frame);
      *out = {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()};
      if (kind == StagingReader::Next::end) *out = {nullptr, 0};
      if (kind == StagingReader::Next::nothing_yet) *out = {nullptr, 1};
      return status;
    });
  }
  static void release(void* self, uint32_t stream) {
    quietly([&] { get(self).reader(stream).release(); });
  }
  static sluice_status acknowledge(void* self, uint32_t stream, uint64_t sequence, sluice_str checkpoint,
                                   sluice_error* error) {
    return answer(error, [&] { return get(self).reader(stream).acknowledge(sequence, view(checkpoint)); });
  }
  static void cancel(void* self) {
    quietly([&] { get(self).cancel(); });
  }
  static void stats(void* self, sluice_staging_stats* out) {
    StagingStats now;
    quietly([&] { now = get(self).stats(); });
    out->used_bytes = now.used_bytes;
    out->peak_bytes = now.peak_bytes;
    out->capacity_bytes = now.capacity_bytes;
    out->blocked_ns = static_cast<uint64_t>(now.blocked.count());
    out->starved_ns = static_cast<uint64_t>(now.starved.count());
  }
  static sluice_status state(void* self, uint32_t stream, sluice_emit out, sluice_error* error) {
    return answer(error, [&]() -> Status {
      StagingStreamState now;
      if (Status status = get(self).state(stream, now); !status.ok()) return status;
      Json::Array set_aside(now.set_aside.begin(), now.set_aside.end());
      emit(out, Json::object({{"first", now.first},
                              {"next", now.next},
                              {"sealed", now.sealed},
                              {"how", static_cast<uint32_t>(now.how)},
                              {"writerAlive", now.writer_alive},
                              {"forgotten", now.forgotten},
                              {"committed", now.committed.empty() ? Json() : Json::parse(now.committed)},
                              {"checkpoint", now.checkpoint.empty() ? Json() : Json::parse(now.checkpoint)},
                              {"afterCheckpoint", now.after_checkpoint},
                              {"lostFrames", now.lost_frames},
                              {"lostBytes", now.lost_bytes},
                              {"setAside", Json(std::move(set_aside))}}));
      return {};
    });
  }
  static sluice_status rewind(void* self, uint32_t stream, uint64_t read_from, uint64_t write_from,
                              sluice_error* error) {
    return answer(error, [&] { return get(self).rewind(stream, read_from, write_from); });
  }
  static sluice_status forget(void* self, uint32_t stream, uint64_t sequence, sluice_error* error) {
    return answer(error, [&] { return get(self).reader(stream).forget(sequence); });
  }
  static int32_t wants_room(void* self, uint32_t stream) {
    bool wants = false;
    quietly([&] { wants = get(self).reader(stream).wants_room(); });
    return wants ? 1 : 0;
  }
  static sluice_status annotate(void* self, sluice_str note, sluice_error* error) {
    return answer(error, [&] { return get(self).annotate(view(note)); });
  }
  static sluice_status note(void* self, sluice_emit out, sluice_error* error) {
    return guard(error, [&] { emit(out, Json::object({{"note", get(self).note()}})); });
  }
  static constexpr sluice_staging_session_api session_api{sizeof(sluice_staging_session_api),
                                                          0,
                                                          close,
                                                          claim,
                                                          publish,
                                                          abandon,
                                                          seal,
                                                          next,
                                                          release,
                                                          acknowledge,
                                                          cancel,
                                                          stats,
                                                          state,
                                                          rewind,
                                                          forget,
                                                          wants_room,
                                                          annotate,
                                                          note};

  static void destroy(void* self) {
    quietly([&] { delete static_cast<StagingProvider*>(self); });
  }
  static sluice_status open(void* self, const sluice_staging_request* from, sluice_emit out,
                            sluice_staging_session* session, sluice_error* error) {
    return answer(error, [&]() -> Status {
      std::unique_ptr<StagingSession> opened;
      if (Status status = provider(self).open(request(*from), opened); !status.ok()) return status;
      emit(out, Json::object({{"stageId", opened->id()}}));
      *session = {sizeof(sluice_staging_session), 0, opened.release(), &session_api};
      return {};
    });
  }
  static uint64_t max_frame_bytes(void* self, const sluice_staging_request* from) {
    uint64_t most = 0;  // 0 refuses every claim: what a provider that throws here deserves
    quietly([&] { most = provider(self).max_frame_bytes(request(*from)); });
    return most;
  }
  // The table is per provider class: it carries the durability.
  template <Durability Strongest>
  static constexpr sluice_staging_provider_api provider_api{
      sizeof(sluice_staging_provider_api), static_cast<uint32_t>(Strongest), destroy, open, max_frame_bytes};
};

}  // namespace sluice::detail
