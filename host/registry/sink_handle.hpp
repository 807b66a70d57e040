// Owns one instance of a sink and is the only way in which the host talks to it. Errors name template and
// plugin; answers are checked.
//
// One thread at a time, except cancel(), which any thread may call while the handle lives.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "host/registry/endpoint_template.hpp"
#include "host/registry/instance_place.hpp"
#include "host/result.hpp"
#include "sluice/abi/sink.h"

namespace sluice::host {

enum class CommitReached : uint8_t { durable, deferred };

class SinkHandle {
 public:
  // `config` is JSON text that fits the template's schema, references resolved. `host` must outlive the
  // handle. Fails with E_ENDPOINT_ROLE when the template is no sink, with E_PLUGIN_ANSWER when the instance
  // is not complete.
  static Result<SinkHandle> create(EndpointTemplatePtr of, std::string_view config, const sluice_host* host,
                                   const InstancePlace& place = {});

  SinkHandle(SinkHandle&& other) noexcept;
  SinkHandle& operator=(SinkHandle&& other) noexcept;
  ~SinkHandle();

  const EndpointTemplate& endpoint_template() const { return *template_; }

  // Reaches out and writes nothing. A sink without check() passes: it can only be tried by opening it.
  Status check();

  // Gives the last token that the sink holds for the request's unit key, if it holds one.
  Result<std::optional<boost::json::object>> open(const sluice_write_request& request);

  // One sealed frame, at least a header long. Counts that do not add up to its records are E_PLUGIN_ANSWER.
  // After a transient failure nothing of it was applied, and the same frame may be given again.
  Result<sluice_write_result> write(std::span<const std::byte> frame, const sluice_sink_rejects& rejects);

  // `token` is a JSON object. A final commit that is not durable is E_PLUGIN_ANSWER.
  Result<CommitReached> commit(std::string_view token, bool final_commit);

  // Takes back what is not committed, as far as the sink can.
  Status abort();

  // Makes a blocked call return soon, where the sink can.
  void cancel() noexcept;

 private:
  SinkHandle(EndpointTemplatePtr of, const sluice_sink& sink);
  Status complete() const;
  void destroy() noexcept;

  EndpointTemplatePtr template_;
  sluice_sink sink_;  // api is null after a move
};

}  // namespace sluice::host
