// Calls of a source, and the writer through which it publishes into the host's staging.
#include "host/worker/program/instance.hpp"
#include "host/worker/program/plugin_run.hpp"

namespace sluice::worker {

using host::Message;
using host::MessageReader;
using host::MessageWriter;

void Instance::call_source(Message kind, MessageReader& body) {
  sluice_error error = new_abi_error();
  PluginRun run;
  if (!source_) return run([] { return SLUICE_SYSTEM; }), void(lost_ = true);
  const sluice_source_api& api = *source_->api;
  void* self = source_->self;
  switch (kind) {
    case Message::check:
      run([&] { return api.check(self, &error); });
      break;
    case Message::units:
      run([&] { return api.units(self, emit(), &error); });
      break;
    case Message::unit: {
      const std::string id(body.text());
      run([&] { return api.unit(self, abi(id), emit(), &error); });
      break;
    }
    case Message::plan: {
      const sluice_read_request request = host::get_read_request(body);
      const uint32_t most = body.u32();
      run([&] { return api.plan(self, &request, most, emit(), &error); });
      break;
    }
    case Message::merge: {
      const std::string slices(body.text());
      run([&] { return api.merge(self, abi(slices), emit(), &error); });
      break;
    }
    default:
      lost_ = true;
      return;
  }
  lost_ = lost_ || !channel_.send(Message::done, run.answer(error, {}));
}

// The writer of one read(). Bytes go straight into the host's staging, which is mapped here; claims and
// publications are messages. [the instance's thread]
class ReadCall {
 public:
  ReadCall(Instance& instance, const sluice_writer& limits) : at_(instance), table_(limits) {
    table_.self = this;
    table_.claim = &ReadCall::claim;
    table_.publish = &ReadCall::publish;
    table_.abandon = &ReadCall::abandon;
    table_.reject = &ReadCall::reject;
    table_.filter = &ReadCall::filter;
    table_.expect = &ReadCall::expect;
  }
  const sluice_writer* table() const { return &table_; }

 private:
  static ReadCall& get(void* self) { return *static_cast<ReadCall*>(self); }

  sluice_status gone(sluice_error* error) {
    at_.lost_ = true;
    return to_abi(Error(ErrorClass::cancelled, "E_CANCELLED", "the host is gone"), error);
  }
  // Sends, and waits for the answer of this kind.
  bool ask(Message kind, const MessageWriter& body, Message answer) {
    return at_.channel_.send(kind, body) && at_.channel_.receive(reply_) == host::Channel::Got::message &&
           reply_.kind == answer;
  }

  static sluice_status claim(void* self, uint64_t min_bytes, sluice_span* out, sluice_error* error) {
    ReadCall& call = get(self);
    if (!call.ask(Message::claim, MessageWriter().u64(min_bytes), Message::claimed)) return call.gone(error);
    MessageReader body = call.reply_.reader();
    if (const sluice_status status = host::get_status(body, error); status != SLUICE_OK) return status;
    const host::PlaceMessage place = body.place();
    std::byte* room = call.at_.regions_->find(place, call.reply_);
    if (!room)
      return to_abi(
          Error(ErrorClass::system, "E_STAGING_MEMORY", "staging memory cannot be mapped in the worker", "",
                "raise the limits of the process (ulimit -v, -n)"),
          error);
    *out = {reinterpret_cast<uint8_t*>(room), place.bytes};
    return SLUICE_OK;
  }
  static sluice_status publish(void* self, uint64_t bytes, sluice_error* error) {
    if (!get(self).at_.channel_.send(Message::publish, MessageWriter().u64(bytes)))
      return get(self).gone(error);
    return SLUICE_OK;
  }
  static void abandon(void* self) { (void)get(self).at_.channel_.send(Message::abandon, MessageWriter()); }
  static sluice_status reject(void* self, const sluice_rejection* rejection, sluice_error* error) {
    constexpr size_t most = 4096, most_value = size_t{1} << 20;
    MessageWriter body;
    body.u32(rejection->size).text(view(rejection->code).substr(0, most));
    body.text(view(rejection->reason).substr(0, most)).text(view(rejection->where).substr(0, most));
    const std::string_view value(reinterpret_cast<const char*>(rejection->value.data), rejection->value.size);
    body.text(value.substr(0, most_value));
    if (!get(self).ask(Message::reject, body, Message::answered)) return get(self).gone(error);
    MessageReader answer = get(self).reply_.reader();
    return host::get_status(answer, error);
  }
  static void filter(void* self, uint64_t records) {
    (void)get(self).at_.channel_.send(Message::filter, MessageWriter().u64(records));
  }
  static void expect(void* self, uint64_t bytes) {
    (void)get(self).at_.channel_.send(Message::expect, MessageWriter().u64(bytes));
  }

  Instance& at_;
  sluice_writer table_;
  host::Received reply_;
};

void Instance::read(MessageReader& body) {
  const sluice_read_request request = host::get_read_request(body);
  ReadCall call(*this, host::get_writer_limits(body));
  sluice_error error = new_abi_error();
  PluginRun run;
  if (source_) run([&] { return source_->api->read(source_->self, &request, call.table(), &error); });
  lost_ = lost_ || !source_ || !channel_.send(Message::done, run.answer(error, {}));
}

}  // namespace sluice::worker
