// Calls of a sink. Batches are read where the host has them.
#include "host/worker/program/instance.hpp"
#include "host/worker/program/plugin_run.hpp"

namespace sluice::worker {

using host::Message;
using host::MessageReader;
using host::MessageWriter;

void Instance::call_sink(Message kind, MessageReader& body) {
  if (!sink_) {
    lost_ = true;
    return;
  }
  sluice_error error = new_abi_error();
  MessageWriter results;
  PluginRun run;
  const sluice_sink_api& api = *sink_->api;
  void* self = sink_->self;
  switch (kind) {
    case Message::check:
      run([&] { return api.check(self, &error); });
      break;
    case Message::sink_open: {
      const sluice_write_request request = host::get_write_request(body);
      run([&] { return api.open(self, &request, emit(), &error); });
      break;
    }
    case Message::commit: {
      sluice_commit_token token{};
      token.size = sizeof token;
      token.final_commit = body.u32();
      const std::string text(body.text());
      token.token = abi(text);
      uint32_t reached = UINT32_MAX;
      run([&] { return api.commit(self, &token, &reached, &error); });
      results.u32(reached);
      break;
    }
    case Message::abort:
      run([&] { return api.abort(self, &error); });
      break;
    default:
      lost_ = true;
      return;
  }
  lost_ = lost_ || !channel_.send(Message::done, run.answer(error, results));
}

void Instance::write(MessageReader& body) {
  const host::PlaceMessage place = body.place();
  sluice_error error = new_abi_error();
  sluice_write_result result{};
  result.size = sizeof result;
  PluginRun run;
  const std::byte* frame = regions_ ? regions_->find(place, message_) : nullptr;
  if (!sink_) {
    lost_ = true;
    return;
  }
  if (frame) {
    const sluice_sink_rejects rejects{sizeof rejects, 0, this, &Instance::on_reject_written};
    const sluice_bytes bytes{reinterpret_cast<const uint8_t*>(frame), place.bytes};
    run([&] { return sink_->api->write(sink_->self, bytes, &rejects, &result, &error); });
  } else {
    run([&] {
      return to_abi(
          Error(ErrorClass::system, "E_STAGING_MEMORY", "staging memory cannot be mapped in the worker", "",
                "raise the limits of the process (ulimit -v, -n)"),
          &error);
    });
  }
  MessageWriter results;
  results.u64(result.written).u64(result.rejected).u64(result.filtered).u64(result.bytes);
  lost_ = lost_ || !channel_.send(Message::done, run.answer(error, results));
}

sluice_status Instance::on_reject_written(void* self, uint32_t record, sluice_str code, sluice_str reason,
                                          sluice_error* error) {
  auto& at = *static_cast<Instance*>(self);
  constexpr size_t most = 4096;
  MessageWriter body;
  body.u32(record).text(view(code).substr(0, most)).text(view(reason).substr(0, most));
  host::Received answer;
  if (!at.channel_.send(Message::reject_written, body) ||
      at.channel_.receive(answer) != host::Channel::Got::message || answer.kind != Message::answered) {
    at.lost_ = true;
    return to_abi(Error(ErrorClass::cancelled, "E_CANCELLED", "the host is gone"), error);
  }
  MessageReader reader = answer.reader();
  return host::get_status(reader, error);
}

}  // namespace sluice::worker
