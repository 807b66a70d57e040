// check and units: one endpoint, asked outside a run.
#include <boost/json/serialize.hpp>

#include "host/api/endpoint_session.hpp"
#include "host/api/host_parts.hpp"
#include "host/run/run_result.hpp"

namespace sluice::host {

namespace {

int64_t ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace

Reply Host::check(std::string_view endpoint) {
  const auto begin = std::chrono::steady_clock::now();
  Result<EndpointSetup> setup = set_up_endpoint(parts_->catalog, std::string(endpoint), std::nullopt, "");
  if (!setup) return failure_reply(setup.error());
  EndpointSession session(*parts_, *setup);
  const TemplateDescriptor& descriptor = setup->of->descriptor;
  boost::json::array roles;
  if (descriptor.has_role("source")) {
    Result<SourceHandle> source = session.source();
    Status status = source ? source->check() : Status(source.error());
    if (!status.ok()) return failure_reply(session.scrubbed(status.error()));
    roles.push_back("source");
  }
  if (descriptor.has_role("sink")) {
    // A template that can be both is tried as a sink too only when nothing says that it is a source: a
    // source's file need not be writable.
    if (roles.empty()) {
      Result<SinkHandle> sink = session.sink();
      Status status = sink ? sink->check() : Status(sink.error());
      if (!status.ok()) return failure_reply(session.scrubbed(status.error()));
      roles.push_back("sink");
    }
  }
  return reply({{"endpoint", endpoint},
                {"template", descriptor.id},
                {"roles", std::move(roles)},
                {"ok", true},
                {"durationMs", ms_since(begin)}});
}

Reply Host::units(std::string_view endpoint) {
  Result<EndpointSetup> setup =
      set_up_endpoint(parts_->catalog, std::string(endpoint), std::nullopt, "source");
  if (!setup) return failure_reply(setup.error());
  EndpointSession session(*parts_, *setup);
  Result<SourceHandle> source = session.source();
  if (!source) return failure_reply(session.scrubbed(source.error()));
  boost::json::array units;
  Status status = source->units([&](boost::json::object&& unit) {
    units.push_back(std::move(unit));
    return true;
  });
  if (!status.ok()) return failure_reply(session.scrubbed(status.error()));
  return reply({{"endpoint", endpoint}, {"template", setup->of->descriptor.id}, {"units", std::move(units)}});
}

}  // namespace sluice::host
