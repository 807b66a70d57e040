// A sink whose plugin runs in a worker process, as the ABI's table of functions.
#pragma once

#include <memory>

#include "host/isolation/isolated_instance.hpp"

namespace sluice::host {

class IsolatedSink : public IsolatedInstance {
 public:
  IsolatedSink(Isolation& isolation, EndpointTemplatePtr of, std::string config, const sluice_host* host,
               SharedPlaces places)
      : IsolatedInstance(isolation, std::move(of), std::move(config), host, std::move(places), true) {}

  // The ABI's instance, whose destroy() frees it.
  static sluice_sink hand_over(std::unique_ptr<IsolatedSink> sink);

 private:
  static IsolatedSink& get(void* self) { return *static_cast<IsolatedSink*>(self); }
  static sluice_status open(void* self, const sluice_write_request* request, sluice_emit last_token,
                            sluice_error* error);
  static sluice_status write(void* self, sluice_bytes frame, const sluice_sink_rejects* rejects,
                             sluice_write_result* result, sluice_error* error);
  static sluice_status commit(void* self, const sluice_commit_token* token, uint32_t* reached,
                              sluice_error* error);
  bool serve_reject(Received& message, const sluice_sink_rejects& rejects);

  sluice_sink_api api_{};
};

}  // namespace sluice::host
