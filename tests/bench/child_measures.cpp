// Measurements in a process of its own: opening a host cold, and one run with the most memory that it took.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "workloads.hpp"

namespace sluice::bench {

namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<host::Host> open_host(const std::string& plugins, const std::string& cache,
                                      const std::string& staging) {
  host::HostOptions options;
  options.use_environment = false;
  options.default_plugin_folder = plugins;
  options.cache_folder = cache;
  options.staging_folder = staging;
  host::Host::Opened opened = host::Host::open(options);
  require(opened.host != nullptr, opened.failure.json);
  return std::move(opened.host);
}

double opening(const std::string& plugins, const std::string& cache) {
  const auto begin = Clock::now();
  const auto host = open_host(plugins, cache, {});
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const std::string loaded = host->plugins().json;
  require(loaded.find(R"("outcome":"refused")") == std::string::npos, "a plugin was refused: " + loaded);
  return seconds;
}

// The most memory that this process has had.
uint64_t own_peak() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) << 10;
  return 0;
}

double one_run(const std::string& plugins, const std::string& staging_folder, const std::string& staging,
               uint64_t records) {
  const auto host = open_host(plugins, {}, staging_folder);
  const RunClock clock(*host, {});
  HostRun run;
  run.source = "generator";
  run.sink = "null";
  run.staging = staging;
  // A host that has had a run of the smallest size: code is loaded, staging has its first memory. What is
  // over in a moment is done as often as it takes to a million records, since a young process is slow now and
  // then.
  run.source_config = {{"count", 10'000}};
  (void)required(clock.time(run, 10'000));
  const int times = static_cast<int>(std::max<uint64_t>(1'000'000 / records, 1));
  run.source_config = {{"count", records}};
  return required(clock.time_many(run, records, times)).seconds / times;
}

}  // namespace

int measure_as_child(int count, char** words) {
  try {
    double seconds = 0;
    if (count == 4 && std::strcmp(words[1], "open-host") == 0)
      seconds = opening(words[2], words[3]);
    else if (count == 6 && std::strcmp(words[1], "one-run") == 0)
      seconds = one_run(words[2], words[3], words[4], std::strtoull(words[5], nullptr, 10));
    else
      return -1;
    std::printf("%.9f %llu\n", seconds, static_cast<unsigned long long>(own_peak()));
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}

}  // namespace sluice::bench
