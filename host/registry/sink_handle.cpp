#include "host/registry/sink_handle.hpp"

#include <cstring>
#include <string>
#include <utility>

#include "host/registry/instance.hpp"
#include "host/registry/plugin_answer.hpp"
#include "host/registry/plugin_call.hpp"

namespace sluice::host {
namespace {

// The counts of one batch must add up to its records; written so that no sum can overflow.
bool adds_up(const sluice_write_result& result, uint64_t records) {
  if (result.written > records || result.rejected > records - result.written) return false;
  return result.filtered == records - result.written - result.rejected;
}

}  // namespace

Result<SinkHandle> SinkHandle::create(EndpointTemplatePtr of, std::string_view config,
                                      const sluice_host* host, const InstancePlace& place) {
  if (!of->descriptor.sink) return wrong_role(*of, "sink");
  sluice_sink sink{};
  sink.size = sizeof sink;
  Status created = place.maker ? place.maker->make_sink(of, config, host, place.places, sink)
                               : create_instance(*of, &sluice_plugin::create_sink, config, host, sink);
  if (!created && place.maker) return named(*of, created.error());
  if (!created) return std::move(created).take_error();
  SinkHandle handle(std::move(of), sink);
  if (Status complete = handle.complete(); !complete) return std::move(complete).take_error();
  return handle;
}

SinkHandle::SinkHandle(EndpointTemplatePtr of, const sluice_sink& sink)
    : template_(std::move(of)), sink_(sink) {}

SinkHandle::SinkHandle(SinkHandle&& other) noexcept
    : template_(std::move(other.template_)), sink_(std::exchange(other.sink_, sluice_sink{})) {}

SinkHandle& SinkHandle::operator=(SinkHandle&& other) noexcept {
  if (this == &other) return *this;
  destroy();
  template_ = std::move(other.template_);
  sink_ = std::exchange(other.sink_, sluice_sink{});
  return *this;
}

SinkHandle::~SinkHandle() {
  destroy();
}

void SinkHandle::destroy() noexcept {
  destroy_instance(sink_);
}

Status SinkHandle::complete() const {
  using Api = sluice_sink_api;
  return check_instance(*template_, "create_sink", sink_, &Api::destroy, &Api::open, &Api::write,
                        &Api::commit);
}

Status SinkHandle::check() {
  if (!provides(*sink_.api, &sluice_sink_api::check)) return {};
  return call_plugin(*template_, "check",
                     [&](sluice_error* error) { return sink_.api->check(sink_.self, error); });
}

Result<std::optional<boost::json::object>> SinkHandle::open(const sluice_write_request& request) {
  std::optional<boost::json::object> token;
  auto take = [&](boost::json::object&& answer) {
    token = std::move(answer);
    return true;
  };
  Status status =
      collect_answers(*template_, "open", {.answers = 1}, take, [&](sluice_emit out, sluice_error* error) {
        return sink_.api->open(sink_.self, &request, out, error);
      });
  if (!status) return std::move(status).take_error();
  return token;
}

Result<sluice_write_result> SinkHandle::write(std::span<const std::byte> frame,
                                              const sluice_sink_rejects& rejects) {
  sluice_frame_header header;
  std::memcpy(&header, frame.data(), sizeof header);
  sluice_write_result result{};
  result.size = sizeof result;
  sluice_bytes bytes{reinterpret_cast<const uint8_t*>(frame.data()), frame.size()};
  Status status = call_plugin(*template_, "write", [&](sluice_error* error) {
    return sink_.api->write(sink_.self, bytes, &rejects, &result, error);
  });
  if (!status) return std::move(status).take_error();
  if (!adds_up(result, header.record_count))
    return bad_answer(*template_, "write",
                      std::to_string(result.written) + " written, " + std::to_string(result.rejected) +
                          " rejected and " + std::to_string(result.filtered) + " filtered of " +
                          std::to_string(header.record_count) + " records");
  return result;
}

Result<CommitReached> SinkHandle::commit(std::string_view token, bool final_commit) {
  sluice_commit_token request{};
  request.size = sizeof request;
  request.final_commit = final_commit ? 1 : 0;
  request.token = abi(token);
  uint32_t reached = UINT32_MAX;
  Status status = call_plugin(*template_, "commit", [&](sluice_error* error) {
    return sink_.api->commit(sink_.self, &request, &reached, error);
  });
  if (!status) return std::move(status).take_error();
  if (reached == SLUICE_COMMIT_DURABLE) return CommitReached::durable;
  if (reached != SLUICE_COMMIT_DEFERRED)
    return bad_answer(*template_, "commit",
                      "it reached " + std::to_string(reached) + ", which is nothing known");
  if (final_commit) return bad_answer(*template_, "commit", "the final commit cannot be deferred");
  return CommitReached::deferred;
}

Status SinkHandle::abort() {
  if (!provides(*sink_.api, &sluice_sink_api::abort)) return {};
  return call_plugin(*template_, "abort",
                     [&](sluice_error* error) { return sink_.api->abort(sink_.self, error); });
}

void SinkHandle::cancel() noexcept {
  if (!provides(*sink_.api, &sluice_sink_api::cancel)) return;
  call_silently([&] { sink_.api->cancel(sink_.self); });
}

}  // namespace sluice::host
