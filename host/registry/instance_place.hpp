// Where the instance of an endpoint is made: in this process, or by a maker that has the plugin elsewhere.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "host/registry/endpoint_template.hpp"
#include "host/result.hpp"
#include "sluice/abi/sink.h"
#include "sluice/abi/source.h"
#include "sluice/staging.hpp"

namespace sluice::host {

// Tells where bytes of staging lie for another process; nothing when they are only this one's. Called on the
// thread that has the bytes claimed or taken.
using SharedPlaces = std::function<std::optional<SharedPlace>(const std::byte*)>;

// Gives instances whose functions reach the plugin wherever it is. [any thread] Outlives them.
class InstanceMaker {
 public:
  virtual ~InstanceMaker() = default;
  virtual Status make_source(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                             const SharedPlaces& places, sluice_source& out) = 0;
  virtual Status make_sink(const EndpointTemplatePtr& of, std::string_view config, const sluice_host* host,
                           const SharedPlaces& places, sluice_sink& out) = 0;
};

struct InstancePlace {
  InstanceMaker* maker = nullptr;  // null: this process
  SharedPlaces places = {};        // empty: nothing is shared, bytes are copied
};

}  // namespace sluice::host
