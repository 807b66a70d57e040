// check and units: one endpoint, asked outside a run.
#include <boost/json/serialize.hpp>

#include "host/api/endpoint_session.hpp"
#include "host/api/host_parts.hpp"
#include "host/registry/instance.hpp"
#include "host/run/run_result.hpp"

namespace sluice::host {

namespace {

int64_t ms_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
      .count();
}

Status check_source(EndpointSession& session) {
  Result<SourceHandle> source = session.source();
  if (!source) return std::move(source).error();
  return source->check();
}

Status check_sink(EndpointSession& session) {
  Result<SinkHandle> sink = session.sink();
  if (!sink) return std::move(sink).error();
  return sink->check();
}

}  // namespace

Reply Host::check(std::string_view endpoint) {
  return guarded([&]() -> Reply {
    const auto begin = std::chrono::steady_clock::now();
    Result<EndpointSetup> setup = set_up_endpoint(parts_->catalog, std::string(endpoint), std::nullopt, "");
    if (!setup) return failure_reply(setup.error());
    EndpointSession session(*parts_, *setup);
    const TemplateDescriptor& descriptor = setup->of->descriptor;
    // A template that can be both is good when it serves as either: a source's file need not be writable, and
    // a sink's need not be there yet.
    std::optional<Error> failure;
    std::string role;
    if (descriptor.has_role("source")) {
      if (Status status = check_source(session); status.ok())
        role = "source";
      else
        failure = std::move(status).take_error();
    }
    if (role.empty() && descriptor.has_role("sink")) {
      if (Status status = check_sink(session); status.ok())
        role = "sink";
      else if (!failure)
        failure = std::move(status).take_error();
    }
    if (role.empty() && failure) return failure_reply(session.scrubbed(*failure));
    if (role.empty()) return failure_reply(wrong_role(*setup->of, "source or sink"));
    return reply({{"endpoint", endpoint},
                  {"template", descriptor.id},
                  {"role", role},
                  {"ok", true},
                  {"durationMs", ms_since(begin)}});
  });
}

Reply Host::units(std::string_view endpoint) {
  return guarded([&]() -> Reply {
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
    return reply(
        {{"endpoint", endpoint}, {"template", setup->of->descriptor.id}, {"units", std::move(units)}});
  });
}

}  // namespace sluice::host
