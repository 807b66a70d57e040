// Owns one instance of a source and is the only way in which the host talks to it. Errors name template and
// plugin; optional functions are replaced as the ABI says; answers are checked.
//
// One thread at a time, except cancel(), which any thread may call while the handle lives.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string_view>
#include <vector>

#include "host/registry/endpoint_template.hpp"
#include "host/registry/instance_place.hpp"
#include "host/result.hpp"
#include "sluice/abi/source.h"

namespace sluice::host {

class SourceHandle {
 public:
  // `config` is JSON text that fits the template's schema, references resolved. `host` must outlive the
  // handle. Fails with E_ENDPOINT_ROLE when the template is no source, with E_PLUGIN_ANSWER when the instance
  // is not complete.
  static Result<SourceHandle> create(EndpointTemplatePtr of, std::string_view config, const sluice_host* host,
                                     const InstancePlace& place = {});

  SourceHandle(SourceHandle&& other) noexcept;
  SourceHandle& operator=(SourceHandle&& other) noexcept;
  ~SourceHandle();

  const EndpointTemplate& endpoint_template() const { return *template_; }

  // Reaches out without moving data; where the plugin has no check, units() up to the first.
  Status check();

  // Gives each unit to `take`, on this thread, until it returns false. At most a million, each an object with
  // a unitId; more is E_PLUGIN_ANSWER.
  Status units(const std::function<bool(boost::json::object&&)>& take);

  // The unit named; E_UNIT_UNKNOWN (config), with the nearest known name, when there is none.
  Result<boost::json::object> unit(std::string_view unit_id);

  bool can_plan() const;
  // Up to `max_slices` slices that together cover the unit. Only when can_plan().
  Result<std::vector<boost::json::object>> plan(const sluice_read_request& request, uint32_t max_slices);
  // The unit's checkpoint after all slices of a plan are done. Only when can_plan().
  Result<boost::json::object> merge(std::string_view slices);

  // Runs until the source has no more, on this thread. Once a handle.
  Status read(const sluice_read_request& request, const sluice_writer& out);

  // Makes a blocked read() return soon, where the source can.
  void cancel() noexcept;

 private:
  SourceHandle(EndpointTemplatePtr of, const sluice_source& source);
  Status complete() const;
  Result<boost::json::object> ask_for_unit(std::string_view unit_id);
  Error unknown_unit(std::string_view unit_id);
  void destroy() noexcept;

  EndpointTemplatePtr template_;
  sluice_source source_;  // api is null after a move
};

}  // namespace sluice::host
