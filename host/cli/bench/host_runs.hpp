// Runs of a warm host as ways of a benchmark.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "host/cli/bench/way.hpp"
#include "sluice/host/host.hpp"

namespace sluice::bench {

struct HostRun {
  std::string source, sink;  // templates
  boost::json::object source_config, sink_config;
  std::string unit = "records";
  std::string staging = "memory", durability;  // empty: the provider's usual one
  bool isolated = false;                       // source and sink in worker processes
  int slices = 1;
  uint64_t batch_bytes = 0;  // at most; 0: the policy's usual
  boost::json::value checkpoint = nullptr;
};

boost::json::object request_of(const HostRun& run);

class RunClock {
 public:
  RunClock(host::Host& host, host::Cancellation cancellation)
      : host_(host), cancellation_(std::move(cancellation)) {}

  // One run; a failure, or another number of written records than `records`, is an error.
  host::Result<Lap> time(const HostRun& run, uint64_t records) const;
  // The same run so many times, one after the other: the time of all.
  host::Result<Lap> time_many(const HostRun& run, uint64_t records, int times) const;

  host::Host& host() const { return host_; }

 private:
  host::Result<Lap> call(const std::string& request, uint64_t records) const;

  host::Host& host_;
  host::Cancellation cancellation_;
};

}  // namespace sluice::bench
