#include "host/isolation/isolated_source.hpp"

#include <algorithm>
#include <cstring>

#include "host/worker/functions.hpp"

namespace sluice::host {

sluice_source IsolatedSource::hand_over(std::unique_ptr<IsolatedSource> source) {
  sluice_source_api& api = source->api_;
  api.size = sizeof api;
  api.destroy = [](void* self) { delete &get(self); };
  api.units = [](void* self, sluice_emit out, sluice_error* error) {
    return get(self).emitting("units", Message::units, {}, out, error);
  };
  api.read = &IsolatedSource::read;
  api.check = [](void* self, sluice_error* error) {
    return get(self).call_anew("check", Message::check, {}, error, {});
  };
  api.unit = [](void* self, sluice_str unit_id, sluice_emit out, sluice_error* error) {
    return get(self).emitting("unit", Message::unit, MessageWriter().text(view(unit_id)), out, error);
  };
  api.plan = [](void* self, const sluice_read_request* request, uint32_t most, sluice_emit out,
                sluice_error* error) {
    MessageWriter body;
    put(body, *request);
    return get(self).emitting("plan", Message::plan, body.u32(most), out, error);
  };
  api.merge = [](void* self, sluice_str slices, sluice_emit out, sluice_error* error) {
    return get(self).emitting("merge", Message::merge, MessageWriter().text(view(slices)), out, error);
  };
  api.cancel = [](void* self) { get(self).cancel(); };
  keep_functions(source->functions(), api);
  const sluice_source out{sizeof(sluice_source), 0, source.get(), &api};
  return source.release(), out;
}

sluice_status IsolatedSource::emitting(const char* name, Message kind, const MessageWriter& body,
                                       sluice_emit out, sluice_error* error) {
  return call_anew(name, kind, body, error, [&](Received& message) { return serve_emit(message, out); });
}

sluice_status IsolatedSource::read(void* self, const sluice_read_request* request, const sluice_writer* out,
                                   sluice_error* error) {
  IsolatedSource& source = get(self);
  MessageWriter body;
  put(body, *request);
  put(body, *out);
  source.published_ = SLUICE_OK;
  source.claim_ = {nullptr, 0};
  return source.call("read", Message::read, body, error,
                     [&](Received& message) { return source.serve_read(message, *out); });
}

bool IsolatedSource::serve_read(Received& message, const sluice_writer& out) {
  MessageReader body = message.reader();
  switch (message.kind) {
    case Message::claim:
      return serve_claim(body, out);
    case Message::publish: {
      const uint64_t bytes = body.u64();
      if (!body.ok()) return false;
      serve_publish(bytes, out);
      return true;
    }
    case Message::abandon:
      claim_ = {nullptr, 0};
      out.abandon(out.self);
      return true;
    case Message::reject:
      return serve_reject(body, out);
    case Message::filter:
      out.filter(out.self, body.u64());
      return body.ok();
    case Message::expect:
      out.expect(out.self, body.u64());
      return body.ok();
    default:
      return false;
  }
}

bool IsolatedSource::serve_claim(MessageReader& body, const sluice_writer& out) {
  const uint64_t bytes = body.u64();
  if (!body.ok()) return false;
  sluice_error error = new_abi_error();
  sluice_status status = published_;
  if (status != SLUICE_OK)
    error = publish_error_;
  else
    status = out.claim(out.self, bytes, &claim_, &error);
  PlaceMessage place;
  UniqueFd descriptor;
  if (status == SLUICE_OK) {
    const auto* at = reinterpret_cast<const std::byte*>(claim_.data);
    bounced_ = !find_place(at, claim_.size, place, descriptor);
    if (bounced_ && !place_in_bounce(claim_.size, place, descriptor)) {
      out.abandon(out.self);
      status = to_abi(Error(ErrorClass::transient, "E_STAGING_MEMORY",
                            "no shared memory of " + std::to_string(claim_.size) + " bytes for the worker"),
                      &error);
    }
  }
  MessageWriter answer;
  put(answer, status, error);
  if (status == SLUICE_OK) answer.place(place);
  const int descriptors[] = {descriptor.get()};
  return channel().send(Message::claimed, answer, std::span(descriptors).first(descriptor ? 1 : 0));
}

void IsolatedSource::serve_publish(uint64_t bytes, const sluice_writer& out) {
  if (bounced_ && claim_.data) std::memcpy(claim_.data, bounce().bytes(), std::min(bytes, claim_.size));
  claim_ = {nullptr, 0};
  publish_error_ = new_abi_error();
  const sluice_status status = out.publish(out.self, bytes, &publish_error_);
  if (published_ == SLUICE_OK) published_ = status;
}

bool IsolatedSource::serve_reject(MessageReader& body, const sluice_writer& out) {
  sluice_rejection rejection{};
  rejection.size = body.u32();
  rejection.code = abi(body.text());
  rejection.reason = abi(body.text());
  rejection.where = abi(body.text());
  const std::string_view value = body.text();
  rejection.value = {reinterpret_cast<const uint8_t*>(value.data()), value.size()};
  if (!body.ok()) return false;
  sluice_error error = new_abi_error();
  const sluice_status status = out.reject(out.self, &rejection, &error);
  return answer(status, error);
}

}  // namespace sluice::host
