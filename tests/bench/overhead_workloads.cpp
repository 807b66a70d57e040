// What runs cost that move little: many small units, and many runs at once.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/cli/bench/child_program.hpp"
#include "workloads.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using host::Result;
using Clock = std::chrono::steady_clock;

constexpr int unit_records = 100;

std::string unit_name(int number) {
  return std::to_string(number) + ".txt";
}

void write_units(const std::string& folder, int units) {
  fs::create_directories(folder);
  for (int unit = 0; unit < units; ++unit) {
    std::ofstream out(folder + "/" + unit_name(unit));
    for (int record = 0; record < unit_records; ++record)
      out << "unit " << unit << " record " << record << std::string(80, '.') << '\n';
  }
}

Result<Lap> checked(const std::string& from, const std::string& to, int units, const Result<Lap>& lap) {
  if (!lap) return lap;
  for (int unit = 0; unit < units; ++unit)
    if (Status same = expect_same_bytes(from + "/" + unit_name(unit), to + "/" + unit_name(unit)); !same.ok())
      return std::move(same).take_error();
  fs::remove_all(to);
  return lap;
}

HostRun unit_run(const std::string& from, const std::string& to) {
  HostRun run;
  run.source = run.sink = "file.lines";
  run.source_config = {{"path", from}};
  run.sink_config = {{"path", to + "/"}};
  return run;
}

Result<Lap> run_units(const RunClock& clock, HostRun run, int units) {
  Lap all;
  for (int unit = 0; unit < units; ++unit) {
    run.unit = unit_name(unit);
    const Result<Lap> lap = clock.time(run, unit_records);
    if (!lap) return lap;
    all.seconds += lap->seconds;
  }
  return all;
}

}  // namespace

Workload small_units(const Setting& setting) {
  const int units = setting.quick ? 100 : 1000;
  const std::string from = setting.folder() + "/units", to = setting.folder() + "/units-out";
  write_units(from, units);
  Workload work{.name = "small-units",
                .title = std::to_string(units) + " units of 100 records, one run each, from file to file",
                .unit = "µs a run",
                .is_time = true,
                .ways = {},
                .meaning =
                    "What a run costs that moves next to nothing: it is checked, staged, counted, committed "
                    "and accounted for."};
  const double amount = units * 1e-6;
  work.ways.push_back(
      {"copy", "copying loop, one file after the other", Role::limit, amount, {}, [=]() -> Result<Lap> {
         fs::create_directories(to);
         const auto begin = Clock::now();
         for (int unit = 0; unit < units; ++unit)
           fs::copy_file(from + "/" + unit_name(unit), to + "/" + unit_name(unit));
         const Lap lap{std::chrono::duration<double>(Clock::now() - begin).count()};
         return checked(from, to, units, lap);
       }});
  for (const char* staging : {"memory", "mmap"}) {
    HostRun run = unit_run(from, to);
    run.staging = staging;
    work.ways.push_back({staging,
                         std::string("file.lines, ") + staging,
                         Role::product,
                         amount,
                         {},
                         [=, clock = setting.product.clock] {
                           fs::create_directories(to);
                           return checked(from, to, units, run_units(*clock, run, units));
                         }});
  }
  return work;
}

Workload runs_at_once(const Setting& setting) {
  constexpr int runs = 64;
  const uint64_t records = setting.quick ? 10'000 : 200'000;
  Workload work{
      .name = "runs-at-once",
      .title = "64 runs in one host: generator to null, " + std::to_string(records) + " records each",
      .unit = "million records/s",
      .ways = {},
      .meaning = "Runs share the cores and the staging budget of one host; none waits for another one."};
  HostRun run;
  run.source = "generator";
  run.sink = "null";
  run.source_config = {{"count", records}};
  const double amount = static_cast<double>(records * runs) / 1e6;
  work.ways.push_back(
      {"in-turn", "one after the other", Role::product, amount, {}, [=, clock = setting.product.clock] {
         return clock->time_many(run, records, runs);
       }});
  work.ways.push_back(
      {"at-once", "at once", Role::product, amount, {"in-turn"}, timed([=, clock = setting.product.clock] {
         std::vector<Result<Lap>> laps(runs, Lap{});
         std::vector<std::thread> threads;
         const auto begin = Clock::now();
         // One unit is moved by one run at a time: each has a seed of its own.
         for (int i = 0; i < runs; ++i)
           threads.emplace_back([&, own = run, i]() mutable {
             own.source_config["seed"] = i;
             laps[static_cast<size_t>(i)] = clock->time(own, records);
           });
         for (std::thread& thread : threads) thread.join();
         const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
         for (Result<Lap>& lap : laps) (void)required(std::move(lap));
         return seconds;
       })});
  return work;
}

}  // namespace sluice::bench
