#include "host/worker/program/instance.hpp"

#include "host/worker/functions.hpp"
#include "host/worker/program/plugin_run.hpp"

namespace sluice::worker {

using host::Message;
using host::MessageReader;
using host::MessageWriter;

void Instance::serve() {
  while (!lost_ && channel_.receive(message_) == host::Channel::Got::message) {
    MessageReader body = message_.reader();
    switch (message_.kind) {
      case Message::create:
        create(body);
        break;
      case Message::destroy:
        destroy();
        return;
      case Message::check:
        if (source_)
          call_source(message_.kind, body);
        else
          call_sink(message_.kind, body);
        break;
      case Message::units:
      case Message::unit:
      case Message::plan:
      case Message::merge:
        call_source(message_.kind, body);
        break;
      case Message::read:
        read(body);
        break;
      case Message::sink_open:
      case Message::commit:
      case Message::abort:
        call_sink(message_.kind, body);
        break;
      case Message::write:
        write(body);
        break;
      default:
        return;
    }
  }
}

void Instance::create(MessageReader& body) {
  const bool sink = body.u32() == 1;
  // Copies that are the plugin's for as long as it is created, and no longer.
  const std::string id(body.text()), config(body.text());
  regions_.emplace(!sink);
  sluice_error error = new_abi_error();
  MessageWriter results;
  PluginRun run;
  if (sink) {
    sluice_sink made{};
    made.size = sizeof made;
    run([&] { return entry_.create_sink(services_.table(), abi(id), abi(config), &made, &error); });
    if (run.ok() && made.size >= sizeof made && made.api) {
      results.u32(host::functions_of(*made.api));
      const std::lock_guard lock(mutex_);
      sink_ = made;
    } else {
      results.u32(0);
    }
  } else {
    sluice_source made{};
    made.size = sizeof made;
    run([&] { return entry_.create_source(services_.table(), abi(id), abi(config), &made, &error); });
    if (run.ok() && made.size >= sizeof made && made.api) {
      results.u32(host::functions_of(*made.api));
      const std::lock_guard lock(mutex_);
      source_ = made;
    } else {
      results.u32(0);
    }
  }
  lost_ = !channel_.send(Message::done, run.answer(error, results));
}

void Instance::destroy() {
  PluginRun run;
  sluice_error error = new_abi_error();
  const std::lock_guard lock(mutex_);
  run([&] {
    if (source_ && host::has(*source_->api, &sluice_source_api::destroy))
      source_->api->destroy(source_->self);
    if (sink_ && host::has(*sink_->api, &sluice_sink_api::destroy)) sink_->api->destroy(sink_->self);
    return SLUICE_OK;
  });
  source_.reset();
  sink_.reset();
  (void)channel_.send(Message::done, run.answer(error, {}));
}

void Instance::cancel(bool stopped) {
  if (stopped) services_.cancel();
  const std::lock_guard lock(mutex_);
  PluginRun run;
  run([&] {
    if (source_ && host::has(*source_->api, &sluice_source_api::cancel)) source_->api->cancel(source_->self);
    if (sink_ && host::has(*sink_->api, &sluice_sink_api::cancel)) sink_->api->cancel(sink_->self);
    return SLUICE_OK;
  });
}

int32_t Instance::on_emit(void* self, sluice_str text) {
  auto& at = *static_cast<Instance*>(self);
  host::Received answer;
  if (!at.channel_.send(Message::emit, MessageWriter().text(view(text))) ||
      at.channel_.receive(answer) != host::Channel::Got::message || answer.kind != Message::emitted) {
    at.lost_ = true;
    return 1;
  }
  return static_cast<int32_t>(answer.reader().u32());
}

}  // namespace sluice::worker
