#include "host/isolation/isolated_sink.hpp"

#include <cstring>

#include "host/worker/functions.hpp"

namespace sluice::host {

sluice_sink IsolatedSink::hand_over(std::unique_ptr<IsolatedSink> sink) {
  sluice_sink_api& api = sink->api_;
  api.size = sizeof api;
  api.destroy = [](void* self) { delete &get(self); };
  api.open = &IsolatedSink::open;
  api.write = &IsolatedSink::write;
  api.commit = &IsolatedSink::commit;
  api.abort = [](void* self, sluice_error* error) {
    return get(self).call("abort", Message::abort, {}, error);
  };
  api.check = [](void* self, sluice_error* error) {
    return get(self).call("check", Message::check, {}, error);
  };
  api.cancel = [](void* self) { get(self).cancel(); };
  keep_functions(sink->functions(), api);
  const sluice_sink out{sizeof(sluice_sink), 0, sink.get(), &api};
  return sink.release(), out;
}

sluice_status IsolatedSink::open(void* self, const sluice_write_request* request, sluice_emit last_token,
                                 sluice_error* error) {
  MessageWriter body;
  put(body, *request);
  return get(self).call("open", Message::sink_open, body, error,
                        [&](Received& message) { return get(self).serve_emit(message, last_token); });
}

sluice_status IsolatedSink::write(void* self, sluice_bytes frame, const sluice_sink_rejects* rejects,
                                  sluice_write_result* result, sluice_error* error) {
  IsolatedSink& sink = get(self);
  const auto* at = reinterpret_cast<const std::byte*>(frame.data);
  PlaceMessage place;
  UniqueFd descriptor;
  if (!sink.find_place(at, frame.size, place, descriptor)) {
    if (!sink.place_in_bounce(frame.size, place, descriptor))
      return to_abi(Error(ErrorClass::transient, "E_STAGING_MEMORY",
                          "no shared memory of " + std::to_string(frame.size) + " bytes for the worker"),
                    error);
    std::memcpy(sink.bounce().bytes(), at, frame.size);
  }
  const int descriptors[] = {descriptor.get()};
  const sluice_status status = sink.call(
      "write", Message::write, MessageWriter().place(place), error,
      [&](Received& message) { return sink.serve_reject(message, *rejects); },
      std::span(descriptors).first(descriptor ? 1 : 0));
  if (status != SLUICE_OK) return status;
  result->written = sink.results().u64();
  result->rejected = sink.results().u64();
  result->filtered = sink.results().u64();
  result->bytes = sink.results().u64();
  return SLUICE_OK;
}

sluice_status IsolatedSink::commit(void* self, const sluice_commit_token* token, uint32_t* reached,
                                   sluice_error* error) {
  MessageWriter body;
  body.u32(token->final_commit).text(view(token->token));
  const sluice_status status = get(self).call("commit", Message::commit, body, error);
  if (status == SLUICE_OK) *reached = get(self).results().u32();
  return status;
}

bool IsolatedSink::serve_reject(Received& message, const sluice_sink_rejects& rejects) {
  if (message.kind != Message::reject_written) return false;
  MessageReader body = message.reader();
  const uint32_t record = body.u32();
  const std::string_view code = body.text(), reason = body.text();
  if (!body.ok()) return false;
  sluice_error error = new_abi_error();
  const sluice_status status = rejects.reject(rejects.self, record, abi(code), abi(reason), &error);
  return answer(status, error);
}

}  // namespace sluice::host
