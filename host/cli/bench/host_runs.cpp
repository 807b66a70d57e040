#include "host/cli/bench/host_runs.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "host/cli/console.hpp"
#include "host/cli/json_fields.hpp"

namespace sluice::bench {

namespace json = boost::json;
using host::Result;

json::object request_of(const HostRun& run) {
  json::object staging;
  if (!run.durability.empty()) staging["durability"] = run.durability;
  json::object policy{{"mode", run.checkpoint.is_null() ? "FULL" : "INCREMENTAL"},
                      {"templateId", run.source},
                      {"parameters", run.source_config},
                      {"sink", {{"templateId", run.sink}, {"parameters", run.sink_config}}},
                      {"staging", std::move(staging)},
                      {"isolation", run.isolated ? "process" : "in-process"},
                      {"parallelism", {{"slices", run.slices}}}};
  if (run.batch_bytes > 0)
    policy["batch"] = json::object{{"maxBytes", std::to_string(run.batch_bytes) + "B"}};
  return {{"endpointId", "bench-source"},   {"unitId", run.unit},
          {"sinkEndpointId", "bench-sink"}, {"stagingProviderId", run.staging},
          {"checkpoint", run.checkpoint},   {"policy", std::move(policy)}};
}

Result<Lap> RunClock::call(const std::string& request, uint64_t records) const {
  host::RunOptions options;
  options.cancellation = cancellation_;
  const auto begin = std::chrono::steady_clock::now();
  const host::Reply reply = host_.run(request, options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const json::object result = host::cli::parse_answer(reply.json);
  if (reply.exit_code == host::cli::exit_cancelled)
    return Error(ErrorClass::cancelled, "E_CANCELLED", "the benchmark was asked to stop");
  if (!reply.ok()) {
    const json::array& errors = host::cli::array_at(result, "errors");
    const json::object none;
    const json::object& error = !errors.empty() && errors[0].is_object() ? errors[0].get_object() : none;
    return Error(ErrorClass::system, host::cli::text_at(error, "code"), host::cli::text_at(error, "message"),
                 host::cli::text_at(error, "where"), host::cli::text_at(error, "hint"));
  }
  const uint64_t written = host::cli::count_at(host::cli::object_at(result, "stats"), "recordsWritten");
  if (written != records)
    return Error(ErrorClass::system, "E_BENCH",
                 std::to_string(written) + " records arrived in place of " + std::to_string(records),
                 "benchmark");
  return Lap{seconds};
}

Result<Lap> RunClock::time(const HostRun& run, uint64_t records) const {
  return call(json::serialize(request_of(run)), records);
}

Result<Lap> RunClock::time_many(const HostRun& run, uint64_t records, int times) const {
  const std::string request = json::serialize(request_of(run));
  Lap all;
  for (int i = 0; i < times; ++i) {
    const Result<Lap> lap = call(request, records);
    if (!lap) return lap.error();
    all.seconds += lap->seconds;
  }
  return all;
}

}  // namespace sluice::bench
