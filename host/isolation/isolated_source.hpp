// A source whose plugin runs in a worker process, as the ABI's table of functions.
#pragma once

#include <memory>

#include "host/isolation/isolated_instance.hpp"

namespace sluice::host {

class IsolatedSource : public IsolatedInstance {
 public:
  IsolatedSource(Isolation& isolation, EndpointTemplatePtr of, std::string config, const sluice_host* host,
                 SharedPlaces places)
      : IsolatedInstance(isolation, std::move(of), std::move(config), host, std::move(places), false) {}

  // The ABI's instance, whose destroy() frees it.
  static sluice_source hand_over(std::unique_ptr<IsolatedSource> source);

 private:
  static IsolatedSource& get(void* self) { return *static_cast<IsolatedSource*>(self); }
  static sluice_status read(void* self, const sluice_read_request* request, const sluice_writer* out,
                            sluice_error* error);
  sluice_status emitting(const char* name, Message kind, const MessageWriter& body, sluice_emit out,
                         sluice_error* error);
  bool serve_read(Received& message, const sluice_writer& out);
  bool serve_claim(MessageReader& body, const sluice_writer& out);
  void serve_publish(uint64_t bytes, const sluice_writer& out);
  bool serve_reject(MessageReader& body, const sluice_writer& out);

  sluice_source_api api_{};
  sluice_span claim_{nullptr, 0};  // of the writer's room, while the plugin fills a copy of it
  bool bounced_ = false;
  sluice_status published_ = SLUICE_OK;  // what was wrong with the last batch
  sluice_error publish_error_{};
};

}  // namespace sluice::host
