// An endpoint opened outside a run: its log, its services, its instances.
#pragma once

#include "host/api/host_parts.hpp"
#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"

namespace sluice::host {

// Outlives the handles it makes.
class EndpointSession {
 public:
  EndpointSession(Host::Parts& parts, const EndpointSetup& setup)
      : setup_(setup),
        services_(log_for(parts, setup), parts.signal, StopLevel::now, parts.catalog.config.base_dir) {}

  Result<SourceHandle> source() {
    return SourceHandle::create(setup_.of, setup_.config_text, services_.table());
  }
  Result<SinkHandle> sink() { return SinkHandle::create(setup_.of, setup_.config_text, services_.table()); }
  Error scrubbed(const Error& error) const { return setup_.scrubber->scrub(error); }

 private:
  static RunLog log_for(const Host::Parts& parts, const EndpointSetup& setup) {
    RunLog log = parts.log.with("endpoint", setup.id).with("template", setup.of->descriptor.id);
    log.set_scrubber(setup.scrubber);
    return log;
  }

  const EndpointSetup& setup_;
  EndpointServices services_;
};

}  // namespace sluice::host
