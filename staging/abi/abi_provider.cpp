#include "staging/abi/abi_provider.hpp"

#include <exception>
#include <utility>
#include <vector>

#include "sluice/abi/frame.h"
#include "sluice/json.hpp"

namespace sluice::staging {

namespace {

sluice_staging_request to_abi(const StagingRequest& from) {
  sluice_staging_request to{};
  to.size = sizeof to;
  to.slice_count = from.slice_count;
  to.durability = static_cast<uint32_t>(from.durability);
  to.when_full = from.fail_when_full ? SLUICE_WHEN_FULL_FAIL : SLUICE_WHEN_FULL_BLOCK;
  to.max_bytes = from.max_bytes;
  to.max_batch_bytes = from.max_batch_bytes;
  to.run_id = abi(from.run_id);
  to.unit_key = abi(from.unit_key);
  to.stage_id = abi(from.stage_id);
  to.create = from.create ? 1 : 0;
  to.ends = static_cast<uint32_t>(from.ends);
  to.note = abi(from.note);
  return to;
}

Status bad_answer(const std::string& name, const std::string& what) {
  return Error(ErrorClass::system, "E_PLUGIN_ANSWER", name + ": its answer breaks the ABI: " + what)
      .try_this("report this to the provider's vendor");
}

// Makes one call; a failure gets the provider's name, an exception that should not be there is caught.
template <class Call>
Status call(const std::string& name, Call&& function) {
  sluice_error error = new_abi_error();
  std::string thrown;
  try {
    Status status = from_abi(function(&error), error);
    if (status.ok()) return {};
    const Error& said = status.error();
    return Error(said.error_class(), said.code(), name + ": " + said.message(), said.where(), said.hint());
  } catch (const std::exception& failure) {
    thrown = failure.what();
  } catch (...) {
    thrown = "an unknown type";
  }
  return Error(ErrorClass::system, "E_PLUGIN_THREW", name + ": let an exception out: " + thrown);
}

// Whether a size-led table has the function, and it is not null.
template <class Table, class Function>
bool has(const Table& table, Function Table::*member) {
  const auto* function = &(table.*member);
  const auto end = reinterpret_cast<const char*>(function + 1) - reinterpret_cast<const char*>(&table);
  return static_cast<size_t>(end) <= table.size && *function != nullptr;
}

class AbiStream final : public StagingWriter, public StagingReader {
 public:
  AbiStream(const sluice_staging_session& session, const std::string& name, uint32_t stream)
      : session_(session), name_(name), stream_(stream) {}

  Status claim(uint64_t min_bytes, std::span<std::byte>& out) override {
    sluice_span room{nullptr, 0};
    Status status = call(name_, [&](sluice_error* error) {
      return session_.api->claim(session_.self, stream_, min_bytes, &room, error);
    });
    if (!status.ok()) return status;
    if (room.size < min_bytes || (min_bytes && room.data == nullptr) ||
        reinterpret_cast<uintptr_t>(room.data) % SLUICE_FRAME_ALIGNMENT != 0)
      return bad_answer(name_, "claim() gave room that is too small or not aligned");
    out = {reinterpret_cast<std::byte*>(room.data), room.size};
    return {};
  }
  Status publish(uint64_t bytes) override {
    return call(name_, [&](sluice_error* error) {
      return session_.api->publish(session_.self, stream_, bytes, error);
    });
  }
  void abandon() override { session_.api->abandon(session_.self, stream_); }
  Status seal(SealedAs how) override {
    return call(name_, [&](sluice_error* error) {
      return session_.api->seal(session_.self, stream_, static_cast<uint32_t>(how), error);
    });
  }
  Status next(std::chrono::milliseconds wait, Next& kind, std::span<const std::byte>& frame) override {
    frame = {};
    kind = Next::nothing_yet;
    sluice_bytes bytes{nullptr, 1};
    const auto wait_ms = static_cast<uint64_t>(std::max<int64_t>(wait.count(), 0));
    Status status = call(name_, [&](sluice_error* error) {
      return session_.api->next(session_.self, stream_, wait_ms, &bytes, error);
    });
    if (!status.ok()) return status;
    if (bytes.size == 0) {
      kind = Next::end;
    } else if (bytes.data != nullptr) {
      if (bytes.size > SLUICE_FRAME_MAX_BYTES) return bad_answer(name_, "next() gave an impossible size");
      kind = Next::frame;
      frame = {reinterpret_cast<const std::byte*>(bytes.data), bytes.size};
    } else if (bytes.size != 1) {
      return bad_answer(name_, "next() gave a size without a frame");
    }
    return {};
  }
  void release() override { session_.api->release(session_.self, stream_); }
  Status acknowledge(uint64_t sequence, std::string_view checkpoint) override {
    return call(name_, [&](sluice_error* error) {
      return session_.api->acknowledge(session_.self, stream_, sequence, abi(checkpoint), error);
    });
  }
  Status forget(uint64_t sequence) override {
    if (!has(*session_.api, &sluice_staging_session_api::forget)) return {};
    return call(name_, [&](sluice_error* error) {
      return session_.api->forget(session_.self, stream_, sequence, error);
    });
  }
  bool wants_room() const override {
    return has(*session_.api, &sluice_staging_session_api::wants_room) &&
           session_.api->wants_room(session_.self, stream_) != 0;
  }

 private:
  const sluice_staging_session& session_;
  const std::string& name_;
  const uint32_t stream_;
};

class AbiSession final : public StagingSession {
 public:
  AbiSession(const sluice_staging_session& session, std::string stage_id, uint32_t streams, std::string name,
             std::shared_ptr<const void> owner)
      : owner_(std::move(owner)), session_(session), stage_id_(std::move(stage_id)), name_(std::move(name)) {
    for (uint32_t i = 0; i < streams; ++i)
      streams_.push_back(std::make_unique<AbiStream>(session_, name_, i));
  }
  AbiSession(const AbiSession&) = delete;
  AbiSession& operator=(const AbiSession&) = delete;
  ~AbiSession() override { session_.api->close(session_.self, keep_ ? 1 : 0); }

  std::string_view id() const override { return stage_id_; }
  StagingWriter& writer(uint32_t slice) override { return *streams_.at(slice); }
  StagingReader& reader(uint32_t slice) override { return *streams_.at(slice); }
  void cancel() override { session_.api->cancel(session_.self); }
  StagingStats stats() const override {
    sluice_staging_stats now{};
    now.size = sizeof now;
    session_.api->stats(session_.self, &now);
    return {now.used_bytes, now.peak_bytes, now.capacity_bytes, std::chrono::nanoseconds(now.blocked_ns),
            std::chrono::nanoseconds(now.starved_ns)};
  }
  void keep() override { keep_ = true; }
  Status state(uint32_t slice, StagingStreamState& out) const override;
  Status rewind(uint32_t slice, uint64_t read_from, uint64_t write_from) override {
    if (!has(*session_.api, &sluice_staging_session_api::rewind))
      return StagingSession::rewind(slice, read_from, write_from);
    return call(name_, [&](sluice_error* error) {
      return session_.api->rewind(session_.self, slice, read_from, write_from, error);
    });
  }
  Status annotate(std::string_view note) override {
    if (!has(*session_.api, &sluice_staging_session_api::annotate)) return {};
    return call(name_,
                [&](sluice_error* error) { return session_.api->annotate(session_.self, abi(note), error); });
  }
  std::string note() const override;

 private:
  const std::shared_ptr<const void> owner_;  // goes last
  const sluice_staging_session session_;
  const std::string stage_id_, name_;
  std::vector<std::unique_ptr<AbiStream>> streams_;
  bool keep_ = false;
};

// Takes one emitted text.
struct Emitted {
  std::string text;
  sluice_emit emit{&text, [](void* self, sluice_str json) -> int32_t {
                     static_cast<std::string*>(self)->assign(view(json));
                     return 0;
                   }};
};

uint64_t natural(const Json& json, std::string_view key) {
  const int64_t value = json.at(key).as_integer();
  if (value < 0) throw Error(ErrorClass::system, "E_PLUGIN_ANSWER", std::string(key) + " is negative");
  return static_cast<uint64_t>(value);
}

Status AbiSession::state(uint32_t slice, StagingStreamState& out) const {
  out = {};
  if (!has(*session_.api, &sluice_staging_session_api::state)) return {};
  Emitted answer;
  Status status = call(name_, [&](sluice_error* error) {
    return session_.api->state(session_.self, slice, answer.emit, error);
  });
  if (!status.ok()) return status;
  try {
    const Json json = Json::parse(answer.text);
    out.first = natural(json, "first");
    out.next = natural(json, "next");
    out.sealed = json.at("sealed").as_bool();
    out.how = static_cast<SealedAs>(std::min<uint64_t>(natural(json, "how"), SLUICE_SEAL_CUT_OFF));
    out.writer_alive = json.at("writerAlive").as_bool();
    out.forgotten = json.at("forgotten").as_bool();
    if (json.at("committed").is_object()) out.committed = json.at("committed").dump();
    if (json.at("checkpoint").is_object()) out.checkpoint = json.at("checkpoint").dump();
    out.after_checkpoint = natural(json, "afterCheckpoint");
    out.lost_frames = natural(json, "lostFrames");
    out.lost_bytes = natural(json, "lostBytes");
    for (const Json& path : json.at("setAside").as_array()) out.set_aside.push_back(path.as_string());
    return {};
  } catch (const Error& error) {
    return bad_answer(name_, "state(): " + error.message());
  }
}

std::string AbiSession::note() const {
  if (!has(*session_.api, &sluice_staging_session_api::note)) return {};
  Emitted answer;
  const Status status =
      call(name_, [&](sluice_error* error) { return session_.api->note(session_.self, answer.emit, error); });
  try {
    return status.ok() ? Json::parse(answer.text).at("note").as_string() : std::string();
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

Durability AbiProvider::strongest_durability() const {
  switch (provider_.api->strongest_durability) {
    case SLUICE_DURABILITY_OS:
      return Durability::os;
    case SLUICE_DURABILITY_DISK:
      return Durability::disk;
    default:
      return Durability::memory;
  }
}

uint64_t AbiProvider::max_frame_bytes(const StagingRequest& request) const {
  if (!has(*provider_.api, &sluice_staging_provider_api::max_frame_bytes)) return request.max_bytes;
  const sluice_staging_request given = to_abi(request);
  return provider_.api->max_frame_bytes(provider_.self, &given);
}

Status AbiProvider::open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) {
  if (!has(*provider_.api, &sluice_staging_provider_api::open)) return bad_answer(name_, "it lacks open()");
  const sluice_staging_request given = to_abi(request);
  sluice_staging_session session{};
  session.size = sizeof session;
  Emitted answer;
  Status status = call(name_, [&](sluice_error* error) {
    return provider_.api->open(provider_.self, &given, answer.emit, &session, error);
  });
  if (!status.ok()) return status;
  std::string stage_id, unreadable;
  try {
    stage_id = Json::parse(answer.text).at("stageId").as_string();
  } catch (const Error& error) {
    unreadable = error.message();
  }
  if (status = wrap_session(session, stage_id, request.slice_count, name_, owner_, out); !status.ok())
    return status;
  if (stage_id.empty()) {
    out.reset();
    return bad_answer(name_, "open() emitted no stageId" + (unreadable.empty() ? "" : ": " + unreadable));
  }
  return {};
}

Status wrap_session(const sluice_staging_session& session, std::string stage_id, uint32_t streams,
                    std::string name, std::shared_ptr<const void> owner,
                    std::unique_ptr<StagingSession>& out) {
  using Api = sluice_staging_session_api;
  if (session.api == nullptr) return bad_answer(name, "open() gave no session");
  const Api& api = *session.api;
  if (!has(api, &Api::close)) return bad_answer(name, "its session lacks close()");
  if (!has(api, &Api::claim) || !has(api, &Api::publish) || !has(api, &Api::abandon) ||
      !has(api, &Api::seal) || !has(api, &Api::next) || !has(api, &Api::release) ||
      !has(api, &Api::acknowledge) || !has(api, &Api::cancel) || !has(api, &Api::stats)) {
    api.close(session.self, 0);
    return bad_answer(name, "its session lacks functions");
  }
  out =
      std::make_unique<AbiSession>(session, std::move(stage_id), streams, std::move(name), std::move(owner));
  return {};
}

}  // namespace sluice::staging
