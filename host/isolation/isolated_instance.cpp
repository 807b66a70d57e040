#include "host/isolation/isolated_instance.hpp"

#include <fcntl.h>

#include <cstring>

namespace sluice::host {

namespace {

// Answers that a plugin may give after it was told to stop: one that goes on for ever would never time out.
constexpr uint32_t most_unheeded = 1000;

}  // namespace

IsolatedInstance::~IsolatedInstance() {
  if (!worker_) return;
  sluice_error error = new_abi_error();
  if (worker_->alive()) (void)call("destroy", Message::destroy, {}, &error);
  worker_->close_instance(instance_);
}

Status IsolatedInstance::create() {
  Result<std::shared_ptr<WorkerProcess>> worker = isolation_.worker(*of_);
  if (!worker) return std::move(worker).error();
  if (worker_) worker_->close_instance(instance_);
  worker_ = std::move(*worker);
  known_regions_.clear();
  if (!worker_->open_instance(host_, channel_, instance_)) return worker_->death("create");
  channel_.wait_at_most(worker_->budget().call_timeout);
  sluice_error error = new_abi_error();
  MessageWriter body;
  body.u32(sink_ ? 1 : 0).text(of_->descriptor.id).text(config_);
  const sluice_status status = call("create", Message::create, body, &error);
  if (status != SLUICE_OK) return from_abi(status, error);
  functions_ = results_.u32();
  if (functions_ & 1u) return {};
  return Error(ErrorClass::system, "E_PLUGIN_ANSWER",
               "the instance has no table of functions, or no destroy()", of_->plugin->path.string(),
               "report this to the plugin's vendor");
}

void IsolatedInstance::cancel() {
  worker_->cancel(instance_, host_->cancelled(host_->self) != 0);
}

sluice_status IsolatedInstance::call(const char* name, Message kind, const MessageWriter& body,
                                     sluice_error* error, const Serve& serve,
                                     std::span<const int> descriptors) {
  unheeded_ = 0;
  if (!channel_.send(kind, body, descriptors)) return lost(name, error);
  for (;;) {
    Channel::Got got{};
    {
      const WorkerProcess::InCall in_call(*worker_);
      got = channel_.receive(message_);
    }
    if (got == Channel::Got::timeout) worker_->end(WorkerEnd::hung);
    if (got != Channel::Got::message) return lost(name, error);
    if (message_.kind == Message::done) return take_answer(name, error);
    if (serve && serve(message_)) continue;
    worker_->end(WorkerEnd::broken);
    return lost(name, error);
  }
}

sluice_status IsolatedInstance::take_answer(const char* name, sluice_error* error) {
  results_ = message_.reader();
  if (results_.u32() != 0)
    return to_abi(Error(ErrorClass::system, "E_PLUGIN_THREW",
                        std::string(name) + "() let an exception out: " + std::string(results_.text()),
                        of_->plugin->path.string(), "report this to the plugin's vendor"),
                  error);
  return get_status(results_, error);
}

sluice_status IsolatedInstance::call_anew(const char* name, Message kind, const MessageWriter& body,
                                          sluice_error* error, const Serve& serve) {
  if (!worker_->alive())
    if (Status status = create(); !status.ok()) return to_abi(status.error(), error);
  return call(name, kind, body, error, serve);
}

sluice_status IsolatedInstance::lost(const char* name, sluice_error* error) {
  channel_.close();
  return to_abi(worker_->death(name), error);
}

bool IsolatedInstance::serve_emit(Received& message, sluice_emit out) {
  if (message.kind != Message::emit) return false;
  MessageReader body = message.reader();
  const std::string_view text = body.text();
  if (!body.ok()) return false;
  const int32_t stop = out.emit(out.self, abi(text));
  if (stop != 0 && ++unheeded_ > most_unheeded) return false;
  return channel_.send(Message::emitted, MessageWriter().u32(static_cast<uint32_t>(stop)));
}

bool IsolatedInstance::answer(sluice_status status, const sluice_error& error) {
  MessageWriter body;
  put(body, status, error);
  return channel_.send(Message::answered, body);
}

UniqueFd IsolatedInstance::new_to_worker(uint64_t region, int descriptor) {
  if (!known_regions_.insert(region).second) return {};
  // A sink gets a descriptor that nothing can be written through.
  if (!sink_) return UniqueFd(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

bool IsolatedInstance::find_place(const std::byte* at, uint64_t bytes, PlaceMessage& place,
                                  UniqueFd& descriptor) {
  const std::optional<SharedPlace> found = places_ ? places_(at) : std::nullopt;
  if (!found) return false;
  place = {found->region, found->offset, bytes, found->region_bytes};
  descriptor = new_to_worker(found->region, found->descriptor);
  return true;
}

bool IsolatedInstance::place_in_bounce(uint64_t bytes, PlaceMessage& place, UniqueFd& descriptor) {
  if (!bounce_.reserve(bytes)) return false;
  place = {bounce_.region(), 0, bytes, bounce_.size()};
  descriptor = new_to_worker(bounce_.region(), bounce_.descriptor());
  return true;
}

}  // namespace sluice::host
