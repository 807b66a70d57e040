// The ABI table of a Sink.
#pragma once

#include "sluice/detail/guard.hpp"
#include "sluice/sink.hpp"

namespace sluice::detail {

struct SinkThunks {
  static Sink& get(void* self) { return *static_cast<Sink*>(self); }

  static WriteRequest request(const sluice_write_request& from) {
    WriteRequest to;
    to.unit_id = view(from.unit_id);
    to.unit_key = view(from.unit_key);
    to.incremental = from.incremental != 0;
    to.checkpoint = optional_json(from.checkpoint);
    to.unit = optional_json(from.unit).value_or(Json::object());
    to.tables = view(from.format) == "tables";
    to.content_type = view(from.content_type);
    to.to_disk = view(from.durability) == "disk";
    to.slice_index = from.slice_index;
    to.slice_count = from.slice_count;
    to.run_id = view(from.run_id);
    if (from.size >= offsetof(sluice_write_request, epoch) + sizeof from.epoch) to.epoch = from.epoch;
    return to;
  }
  static void destroy(void* self) { delete static_cast<Sink*>(self); }
  static sluice_status open(void* self, const sluice_write_request* from, sluice_emit last_token,
                            sluice_error* error) {
    return guard(error, [&] {
      if (std::optional<Json> token = get(self).open(request(*from))) emit(last_token, *token);
    });
  }
  static sluice_status write(void* self, sluice_bytes frame, const sluice_sink_rejects* rejects,
                             sluice_write_result* result, sluice_error* error) {
    return guard(error, [&] {
      Rejects refused(rejects);
      WriteResult done =
          get(self).write(BatchView({reinterpret_cast<const std::byte*>(frame.data), frame.size}), refused);
      result->written = done.written;
      result->rejected = done.rejected;
      result->filtered = done.filtered;
      result->bytes = done.bytes;
    });
  }
  static sluice_status commit(void* self, const sluice_commit_token* token, uint32_t* reached,
                              sluice_error* error) {
    return guard(error, [&] {
      CommitToken given{optional_json(token->token).value_or(Json::object()), token->final_commit != 0};
      *reached = static_cast<uint32_t>(get(self).commit(given));
    });
  }
  static sluice_status abort(void* self, sluice_error* error) {
    return guard(error, [&] { get(self).abort(); });
  }
  static sluice_status check(void* self, sluice_error* error) {
    return guard(error, [&] { get(self).check(); });
  }
  static void cancel(void* self) { get(self).cancel(); }

  static constexpr sluice_sink_api api{
      sizeof(sluice_sink_api), 0, destroy, open, write, commit, abort, check, cancel};
};

}  // namespace sluice::detail
