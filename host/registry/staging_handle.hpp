// Owns one instance of a staging provider that came from a plugin, and opens sessions of it.
#pragma once

#include <string>
#include <string_view>

#include "host/registry/endpoint_template.hpp"
#include "host/result.hpp"
#include "sluice/abi/staging.h"

namespace sluice::host {

// An open session: every function of its table is there. The caller calls api->close once; the StagingHandle
// must outlive it.
struct OpenStaging {
  std::string stage_id;
  sluice_staging_session session;
};

class StagingHandle {
 public:
  // `config` is JSON text that fits the template's schema, references resolved. `host` must outlive the
  // handle. Fails with E_ENDPOINT_ROLE when the template is no staging provider, with E_PLUGIN_ANSWER when
  // the instance is not complete.
  static Result<StagingHandle> create(EndpointTemplatePtr of, std::string_view config,
                                      const sluice_host* host);

  StagingHandle(StagingHandle&& other) noexcept;
  StagingHandle& operator=(StagingHandle&& other) noexcept;
  ~StagingHandle();

  const EndpointTemplate& endpoint_template() const { return *template_; }
  // Borrowed: valid as long as this handle, which alone destroys it.
  const sluice_staging_provider& provider() const { return provider_; }
  // One of SLUICE_DURABILITY_...
  uint32_t strongest_durability() const { return provider_.api->strongest_durability; }

  // [any thread]
  Result<OpenStaging> open(const sluice_staging_request& request) const;

 private:
  StagingHandle(EndpointTemplatePtr of, const sluice_staging_provider& provider);
  Status complete() const;
  Status check_session(const sluice_staging_session& session) const;
  void destroy() noexcept;

  EndpointTemplatePtr template_;
  sluice_staging_provider provider_;  // api is null after a move
};

}  // namespace sluice::host
