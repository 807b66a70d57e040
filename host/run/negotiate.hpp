// Whether a source, a unit, a sink and a policy fit together, and in which form records travel: decided
// before any data moves.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "host/plugin/descriptor.hpp"
#include "host/run/policy.hpp"

namespace sluice::host {

struct Agreement {
  bool incremental = true;
  bool source_tables = false, sink_tables = false;  // the formats; they differ when the host adapts
  std::string content_type;                         // of documents that reach the sink
  bool parallel_sinks = false, ordered_slices = true;
  std::vector<Error> warnings;

  bool tables_to_documents() const { return source_tables && !sink_tables; }
};

// `unit` is what the source says about it; `sink` is null when there is none yet (export). Refusals, class
// config: E_MODE_UNSUPPORTED, E_FORMAT_MISMATCH, E_CONTENT_TYPE_MISMATCH, E_DELIVERY_UNSUPPORTED.
Result<Agreement> negotiate(const TemplateDescriptor& source, const boost::json::object& unit,
                            const TemplateDescriptor* sink, const Policy& policy);

// Likewise for what is staged already: `staged` is what its export agreed on, `source_id` names where it came
// from.
Result<Agreement> negotiate_staged(const Agreement& staged, const std::string& source_id,
                                   const TemplateDescriptor& sink, const Policy& policy);

}  // namespace sluice::host
