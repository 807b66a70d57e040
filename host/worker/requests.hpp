// The requests of read() and open(), and a writer's limits, as messages. Texts read are views into the
// message.
#pragma once

#include "host/worker/message.hpp"
#include "sluice/abi/sink.h"
#include "sluice/abi/source.h"
#include "sluice/error.hpp"

namespace sluice::host {

inline void put(MessageWriter& to, const sluice_read_request& request) {
  to.u32(request.slice_index).u32(request.slice_count).u32(request.incremental).u32(request.threads);
  to.text(view(request.unit_id)).text(view(request.slice)).text(view(request.checkpoint));
  to.text(view(request.format)).text(view(request.run_id));
}

inline sluice_read_request get_read_request(MessageReader& from) {
  sluice_read_request request{};
  request.size = sizeof request;
  request.slice_index = from.u32();
  request.slice_count = from.u32();
  request.incremental = from.u32();
  request.threads = from.u32();
  request.unit_id = abi(from.text());
  request.slice = abi(from.text());
  request.checkpoint = abi(from.text());
  request.format = abi(from.text());
  request.run_id = abi(from.text());
  return request;
}

inline void put(MessageWriter& to, const sluice_writer& limits) {
  to.u32(limits.max_batch_records).u64(limits.max_batch_bytes).u64(limits.max_batch_delay);
  to.u64(limits.max_frame_bytes).u64(limits.max_records).u64(limits.max_bytes);
}

// Without functions.
inline sluice_writer get_writer_limits(MessageReader& from) {
  sluice_writer limits{};
  limits.size = sizeof limits;
  limits.max_batch_records = from.u32();
  limits.max_batch_bytes = from.u64();
  limits.max_batch_delay = from.u64();
  limits.max_frame_bytes = from.u64();
  limits.max_records = from.u64();
  limits.max_bytes = from.u64();
  return limits;
}

inline void put(MessageWriter& to, const sluice_write_request& request) {
  to.u32(request.slice_index).u32(request.slice_count).u32(request.incremental);
  to.text(view(request.unit_id)).text(view(request.unit_key)).text(view(request.unit));
  to.text(view(request.checkpoint)).text(view(request.format)).text(view(request.content_type));
  to.text(view(request.durability)).text(view(request.run_id)).u64(request.epoch);
}

inline sluice_write_request get_write_request(MessageReader& from) {
  sluice_write_request request{};
  request.size = sizeof request;
  request.slice_index = from.u32();
  request.slice_count = from.u32();
  request.incremental = from.u32();
  request.unit_id = abi(from.text());
  request.unit_key = abi(from.text());
  request.unit = abi(from.text());
  request.checkpoint = abi(from.text());
  request.format = abi(from.text());
  request.content_type = abi(from.text());
  request.durability = abi(from.text());
  request.run_id = abi(from.text());
  request.epoch = from.u64();
  return request;
}

// A status, and the error when it is none.
inline void put(MessageWriter& to, sluice_status status, const sluice_error& error) {
  to.u32(static_cast<uint32_t>(status));
  if (status == SLUICE_OK) return;
  to.text(detail::bounded_text(error.code)).text(detail::bounded_text(error.message));
  to.text(detail::bounded_text(error.where)).text(detail::bounded_text(error.hint));
}

inline sluice_status get_status(MessageReader& from, sluice_error* error) {
  const auto status = static_cast<sluice_status>(from.u32());
  if (!from.ok()) return SLUICE_SYSTEM;
  if (status == SLUICE_OK) return status;
  const std::string code(from.text()), message(from.text()), where(from.text()), hint(from.text());
  const auto cls = status >= SLUICE_CONFIG && status <= SLUICE_DAMAGED ? static_cast<ErrorClass>(status)
                                                                       : ErrorClass::system;
  (void)to_abi(Error(cls, code, message, where, hint), error);
  return status;
}

}  // namespace sluice::host
