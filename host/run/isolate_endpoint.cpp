#include "host/isolation/isolation.hpp"
#include "host/run/run_setup.hpp"

namespace sluice::host {

Status isolate(const RunEnvironment& environment, const RunLog& run_log, const Policy& policy,
               EndpointSetup& endpoint) {
  RunLog log = run_log.with("endpoint", endpoint.id).with("template", endpoint.of->descriptor.id);
  log.set_scrubber(endpoint.scrubber);
  IsolationSettings settings;
  settings.program = environment.worker_program;
  settings.budget = policy.isolation.budget;
  settings.on_output = [log](std::string_view line) { log.write(Severity::info, line, {}); };
  auto isolation = std::make_shared<Isolation>(std::move(settings));
  endpoint.maker = isolation;
  return isolation->begin(*endpoint.of);
}

}  // namespace sluice::host
